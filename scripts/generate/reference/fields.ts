/** Tables of properties: type, range, default, effect of a change. */
import * as z from "zod";
import type { FieldShape, Shape } from "../shape";
import { anchorLink, code, table } from "./markdown";

/** The term for each effect of a change; docs/reference/README.md explains the terms. */
const CHANGE_WORDS: Readonly<Record<FieldShape["change"], string>> = {
  update: "in place",
  restart: "restart",
  replace: "replacement",
  ignore: "ignored",
  conditional: "conditional",
};

/** The type of a value; objects are links to their section of the page. */
export function typeText(shape: Shape): string {
  switch (shape.kind) {
    case "array":
      return `list of ${pluralText(shape.items)}`;
    case "map":
      return `map of ${pluralText(shape.values)}`;
    case "object":
      return anchorLink(shape.name);
    case "words":
      return shape.words.map((word) => code(JSON.stringify(word))).join(" | ");
    case "scalar":
      return "string, number, boolean or null";
    case "any":
      return "any JSON value";
    case "union":
      return joinWithOr(shape.options.map(typeText));
    default:
      return shape.kind;
  }
}

const joinWithOr = (words: readonly string[]): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;

function pluralText(shape: Shape): string {
  if (shape.kind === "scalar") return "strings, numbers, booleans or nulls";
  return ["object", "words", "union"].includes(shape.kind) ? typeText(shape) : `${typeText(shape)}s`;
}

const number = (value: number): string => value.toLocaleString("en-US");

/** `1 to 65,535`, `at least 1`, `up to 8`; empty when there are no bounds, or the only bound is that it must not be empty. */
function boundsText(min: number | undefined, max: number | undefined, unit: string): string {
  const [low, high] = [
    min === Number.MIN_SAFE_INTEGER ? undefined : min,
    max === Number.MAX_SAFE_INTEGER ? undefined : max,
  ];
  if (low !== undefined && high !== undefined && unit === "") return `${number(low)} to ${number(high)}`;
  if (high !== undefined) return `up to ${number(high)}${unit}`;
  return low === undefined || (unit !== "" && low <= 1) ? "" : `at least ${number(low)}${unit}`;
}

/** The range of a value according to its schema; empty for none. */
export function rangeText(schema: z.ZodType): string {
  const { type, minimum, maximum, minLength, maxLength, minItems, maxItems } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  });
  switch (type) {
    case "integer":
    case "number":
      return boundsText(minimum, maximum, "");
    case "string":
      return boundsText(minLength, maxLength, " characters");
    case "array":
      return boundsText(minItems, maxItems, " items");
    default:
      return "";
  }
}

/** Matches the sentence of a description that states the default, which the table shows in a separate column. */
const DEFAULT_SENTENCE = /(?:^|\s)Default:? (?!for )([^.]+(?:\.\d[^.]*)?)\.(?=\s|$)/;

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

function defaultText({ description, default: literal, required, schema }: FieldShape): string {
  const sentence = DEFAULT_SENTENCE.exec(description)?.[1];
  if (sentence !== undefined) return sentence;
  if (schema instanceof z.ZodDefault && isEmpty(schema.def.defaultValue)) return "none";
  return literal === undefined ? (required ? "–" : "") : code(JSON.stringify(literal));
}

const withoutDefault = (description: string): string => description.replace(DEFAULT_SENTENCE, "").trim();

const typeCell = ({ shape, schema, resource }: FieldShape): string => {
  const range = rangeText(schema);
  const type = range === "" ? typeText(shape) : `${typeText(shape)}, ${range}`;
  return resource === undefined ? type : `[${code(resource.kind)}](${resource.kind}.md) or ${type}`;
};

const nameCell = ({ name, required, secret }: FieldShape): string =>
  [code(name), ...(required ? ["**required**"] : []), ...(secret ? ["_secret_"] : [])].join("<br>");

/** A table of the inputs of a resource. */
export const inputTable = (fields: readonly FieldShape[]): string =>
  table(
    ["Input", "Type", "Default", "On change", "Description"],
    fields.map((field) => [
      nameCell(field),
      typeCell(field),
      defaultText(field),
      CHANGE_WORDS[field.change],
      withoutDefault(field.description),
    ]),
  );

/** A table of the members of a nested type, or the arguments of a function. */
export const memberTable = (title: string, fields: readonly FieldShape[]): string =>
  table(
    [title, "Type", "Default", "Description"],
    fields.map((field) => [nameCell(field), typeCell(field), defaultText(field), withoutDefault(field.description)]),
  );

/** A table of outputs or results, or the members of a type that occurs only in those. */
export const outputTable = (title: string, fields: readonly FieldShape[]): string =>
  table(
    [title, "Type", "Description"],
    fields.map((field) => [
      code(field.name),
      field.required || field.hasDefault ? typeText(field.shape) : `${typeText(field.shape)}, may be absent`,
      field.description,
    ]),
  );
