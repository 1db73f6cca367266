/** Definitions → Pulumi package schema. Source of the form: pulumi/pulumi `pkg/codegen/schema/pulumi.json`. */
import type { Definition } from "../../provider/definition/resource";
import { SETTINGS } from "./settings";
import { type FieldShape, type Shape, fieldsOf, objectTypesOf } from "./shape";

const PACKAGE = "unikernel";
const token = (name: string) => `${PACKAGE}:index:${name}`;

type Json = Readonly<Record<string, unknown>>;

function typeSpec(shape: Shape): Json {
  switch (shape.kind) {
    case "array":
      return { type: "array", items: typeSpec(shape.items) };
    case "map":
      return { type: "object", additionalProperties: typeSpec(shape.values) };
    case "object":
      return { type: "object", $ref: `#/types/${token(shape.name)}` };
    case "words":
      return { type: "string" };
    case "scalar":
    case "any":
      return { $ref: "pulumi.json#/Any" };
    default:
      return { type: shape.kind };
  }
}

const describe = (field: FieldShape): string =>
  field.shape.kind === "words" && !field.shape.words.every((word) => field.description.includes(`\`${word}\``))
    ? `${field.description} One of ${field.shape.words.map((word) => `\`${word}\``).join(", ")}.`
    : field.description;

/** Inputs of a resource, members of an object type, or what a resource or a function returns. */
type Side = "input" | "member" | "output";

const property = (field: FieldShape, side: Side): Json => ({
  ...typeSpec(field.shape),
  description: describe(field),
  ...(field.secret ? { secret: true } : {}),
  ...(side !== "output" && field.default !== undefined ? { default: field.default } : {}),
  // What a change of a member means is said by the input that it is part of.
  ...(side === "input" && field.replaces ? { willReplaceOnChanges: true } : {}),
});

const properties = (fields: readonly FieldShape[], side: Side): Json =>
  Object.fromEntries(fields.map((field) => [field.name, property(field, side)]));

const requiredOf = (fields: readonly FieldShape[]): readonly string[] =>
  fields.filter((field) => field.required).map((field) => field.name);

function resourceSpec(definition: Definition): Json {
  const inputs = fieldsOf(definition.inputs);
  const outputs = fieldsOf(definition.outputs);
  // Inputs come back as outputs, with defaults filled in; a name is always set.
  const always = inputs.filter((field) => field.required || field.hasDefault || field.name === "name");
  return {
    description: definition.description,
    properties: properties([...inputs, ...outputs], "output"),
    required: [...always, ...outputs.filter((field) => field.required)].map((field) => field.name),
    inputProperties: properties(inputs, "input"),
    requiredInputs: requiredOf(inputs),
  };
}

/** A function: its arguments and its result. */
function functionSpec({ description, inputs, outputs }: Definition): Json {
  const [given, found] = [fieldsOf(inputs), fieldsOf(outputs)];
  const always = found.filter((field) => field.required || field.hasDefault);
  return {
    description,
    inputs: { type: "object", properties: properties(given, "input"), required: requiredOf(given) },
    outputs: {
      type: "object",
      properties: properties(found, "output"),
      required: always.map((field) => field.name),
    },
  };
}

/** The whole schema, ready for `JSON.stringify`. */
export function packageSchema(
  definitions: readonly Definition[],
  functions: readonly Definition[],
  info: { readonly version: string; readonly description: string },
): Json {
  return {
    name: PACKAGE,
    displayName: "Unikernel",
    version: info.version,
    description: info.description,
    keywords: ["pulumi", "category/infrastructure", "kind/native", "unikernel"],
    license: "Apache-2.0",
    config: { variables: SETTINGS },
    provider: {
      description: "Which metro to use, the token for it, and how to talk to it.",
      inputProperties: SETTINGS,
      properties: SETTINGS,
    },
    types: Object.fromEntries(
      objectTypesOf([...definitions, ...functions]).map((shape) => [
        token(shape.name),
        {
          type: "object",
          description: shape.description,
          properties: properties(shape.fields, "member"),
          required: requiredOf(shape.fields),
        },
      ]),
    ),
    resources: Object.fromEntries(definitions.map((definition) => [token(definition.kind), resourceSpec(definition)])),
    functions: Object.fromEntries(functions.map((definition) => [token(definition.kind), functionSpec(definition)])),
  };
}
