/** Definitions → Pulumi package schema. Source of the format: pulumi/pulumi `pkg/codegen/schema/pulumi.json`. */
import type { Definition } from "../../provider/definition/resource";
import { SETTINGS_SCHEMA } from "./settings";
import { type FieldShape, type Shape, fieldsOf, objectTypesOf } from "./shape";

const PACKAGE_NAME = "unikernel";
const typeToken = (name: string) => `${PACKAGE_NAME}:index:${name}`;

type JsonObject = Readonly<Record<string, unknown>>;

function typeSpec(shape: Shape): JsonObject {
  switch (shape.kind) {
    case "array":
      return { type: "array", items: typeSpec(shape.items) };
    case "map":
      return { type: "object", additionalProperties: typeSpec(shape.values) };
    case "object":
      return { type: "object", $ref: `#/types/${typeToken(shape.name)}` };
    case "words":
      return { type: "string" };
    case "asset":
      return { $ref: "pulumi.json#/Asset" };
    case "union":
      return { oneOf: shape.options.map(typeSpec) };
    case "scalar":
    case "any":
      return { $ref: "pulumi.json#/Any" };
    default:
      return { type: shape.kind };
  }
}

const descriptionOf = (field: FieldShape): string =>
  field.shape.kind === "words" && !field.shape.words.every((word) => field.description.includes(`\`${word}\``))
    ? `${field.description} One of ${field.shape.words.map((word) => `\`${word}\``).join(", ")}.`
    : field.description;

/** Where a property occurs: in the inputs of a resource, in an object type, or in the outputs of a resource or function. */
type PropertyPosition = "input" | "member" | "output";

const propertySpec = (field: FieldShape, side: PropertyPosition): JsonObject => ({
  ...typeSpec(field.shape),
  description: descriptionOf(field),
  ...(field.secret ? { secret: true } : {}),
  ...(side !== "output" && field.default !== undefined ? { default: field.default } : {}),
  // For a member, the input that contains it states the effect of a change.
  ...(side === "input" && field.change === "replace" ? { willReplaceOnChanges: true } : {}),
});

const propertySpecs = (fields: readonly FieldShape[], side: PropertyPosition): JsonObject =>
  Object.fromEntries(fields.map((field) => [field.name, propertySpec(field, side)]));

const requiredNames = (fields: readonly FieldShape[]): readonly string[] =>
  fields.filter((field) => field.required).map((field) => field.name);

function resourceSpec(definition: Definition): JsonObject {
  const inputs = fieldsOf(definition.inputs);
  const outputs = fieldsOf(definition.outputs);
  // Inputs are outputs too, with defaults filled in; a name is always set.
  const always = inputs.filter((field) => field.required || field.hasDefault || field.name === "name");
  return {
    description: definition.description,
    properties: propertySpecs([...inputs, ...outputs], "output"),
    required: [...always, ...outputs.filter((field) => field.required)].map((field) => field.name),
    inputProperties: propertySpecs(inputs, "input"),
    requiredInputs: requiredNames(inputs),
  };
}

function functionSpec({ description, inputs, outputs }: Definition): JsonObject {
  const [argFields, resultFields] = [fieldsOf(inputs), fieldsOf(outputs)];
  const always = resultFields.filter((field) => field.required || field.hasDefault);
  return {
    description,
    inputs: { type: "object", properties: propertySpecs(argFields, "input"), required: requiredNames(argFields) },
    outputs: {
      type: "object",
      properties: propertySpecs(resultFields, "output"),
      required: always.map((field) => field.name),
    },
  };
}

/** The whole schema, ready for `JSON.stringify`. */
export function packageSchema(
  definitions: readonly Definition[],
  functions: readonly Definition[],
  info: { readonly version: string; readonly description: string },
): JsonObject {
  return {
    name: PACKAGE_NAME,
    displayName: "Unikernel",
    version: info.version,
    description: info.description,
    keywords: ["pulumi", "category/infrastructure", "kind/native", "unikernel"],
    license: "Apache-2.0",
    config: { variables: SETTINGS_SCHEMA },
    provider: {
      description: "The metro to use, its token, and connection settings.",
      inputProperties: SETTINGS_SCHEMA,
      properties: SETTINGS_SCHEMA,
    },
    types: Object.fromEntries(
      objectTypesOf([...definitions, ...functions]).map((shape) => [
        typeToken(shape.name),
        {
          type: "object",
          description: shape.description,
          properties: propertySpecs(shape.fields, "member"),
          required: requiredNames(shape.fields),
        },
      ]),
    ),
    resources: Object.fromEntries(
      definitions.map((definition) => [typeToken(definition.kind), resourceSpec(definition)]),
    ),
    functions: Object.fromEntries(
      functions.map((definition) => [typeToken(definition.kind), functionSpec(definition)]),
    ),
  };
}
