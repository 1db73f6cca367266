/** Definitions → TypeScript sources of `sdk/`: one class per resource and the types its arguments use. */
import type { Definition } from "../../provider/definition/resource";
import { anyResourceName, resourceArguments, takenProperties } from "./resourceArguments";
import { type FieldShape, type Shape, fieldsOf, objectTypesOf } from "./shape";

/** First line of every generated file. */
export const GENERATED_HEADER = "// Written by `npm run generate` from provider/resources. Do not edit.\n";

const stringUnion = (list: readonly string[]) => list.map((word) => JSON.stringify(word)).join(" | ");

/** The TypeScript type of a value. */
export function plainType(shape: Shape): string {
  switch (shape.kind) {
    case "array":
      return `readonly ${["words", "scalar", "union"].includes(shape.items.kind) ? `(${plainType(shape.items)})` : plainType(shape.items)}[]`;
    case "map":
      return `Readonly<Record<string, ${plainType(shape.values)}>>`;
    case "object":
      return shape.name;
    case "words":
      return stringUnion(shape.words);
    case "integer":
      return "number";
    case "scalar":
      return "string | number | boolean | null";
    case "any":
      return "unknown";
    case "asset":
      return "pulumi.asset.Asset";
    case "union":
      return shape.options.map(plainType).join(" | ");
    default:
      return shape.kind;
  }
}

/** The TypeScript type of an argument: `pulumi.Input` at every level. */
function inputType(shape: Shape): string {
  switch (shape.kind) {
    case "array":
      return `pulumi.Input<readonly ${inputType(shape.items)}[]>`;
    case "map":
      return `pulumi.Input<Readonly<Record<string, ${inputType(shape.values)}>>>`;
    case "object":
      return `pulumi.Input<${shape.name}Args>`;
    case "union":
      return `pulumi.Input<${shape.options.map((option) => (option.kind === "object" ? `${option.name}Args` : plainType(option))).join(" | ")}>`;
    default:
      return `pulumi.Input<${plainType(shape)}>`;
  }
}

/** A TSDoc comment for a member. */
export const docComment = (text: string, indent = "  ") => `${indent}/** ${text.replace(/\*\//g, "*\\/")} */\n`;

/** The members of an arguments interface. */
export const argMembers = (fields: readonly FieldShape[]) =>
  fields
    .map(({ name, shape, description, required, resource }) => {
      const type = `${resource === undefined ? "" : `${anyResourceName(resource.kind)} | `}${inputType(shape)}`;
      return `${docComment(description)}  readonly ${name}${required ? "" : "?"}: ${type}${required ? "" : " | undefined"};\n`;
    })
    .join("");

/** True for an input that always has a value after check, even if the user set none. */
export const isAlwaysSet = (field: FieldShape) => field.required || field.hasDefault || field.name === "name";

/** Paths of secrets inside a value of this shape; `*` is every item of a list or map. */
function secretPathsIn(shape: Shape): readonly string[] {
  if (shape.kind === "object") return secretPaths(shape.fields);
  if (shape.kind === "union") return shape.options.flatMap(secretPathsIn);
  const items = shape.kind === "array" ? shape.items : shape.kind === "map" ? shape.values : undefined;
  return items === undefined ? [] : secretPathsIn(items).map((path) => `*.${path}`);
}

/** Paths of secret inputs and outputs: `env`, `template.env`, `roms.*.files.*.data`. */
const secretPaths = (fields: readonly FieldShape[]): readonly string[] =>
  fields.flatMap(({ name, secret, shape }) =>
    secret ? [name] : secretPathsIn(shape).map((path) => `${name}.${path}`),
  );

/** The source of `sdk/types.ts`. */
export function typesSource(definitions: readonly Definition[]): string {
  const inputNames = new Set(
    objectTypesOf(definitions.map((d) => ({ ...d, outputs: d.outputs.pick({}) }))).map((s) => s.name),
  );
  const parts = objectTypesOf(definitions).map((shape) => {
    const values = shape.fields
      .map(
        (f) =>
          `${f.description === "" ? "" : docComment(f.description)}  readonly ${f.name}${isAlwaysSet(f) ? "" : "?"}: ${plainType(f.shape)}${isAlwaysSet(f) ? "" : " | undefined"};\n`,
      )
      .join("");
    const args = inputNames.has(shape.name)
      ? `${docComment(`${shape.description} Input form of {@link ${shape.name}}.`, "")}export interface ${shape.name}Args {\n${argMembers(shape.fields)}}\n\n`
      : "";
    return `${args}${docComment(shape.description, "")}export interface ${shape.name} {\n${values}}\n`;
  });
  return `${GENERATED_HEADER}import type * as pulumi from "@pulumi/pulumi";\n\n${[...anyResourceTypes(definitions), ...parts].join("\n")}`;
}

/** The types of the resources that arguments take. They name no class: its module needs the types of this one. */
function anyResourceTypes(definitions: readonly Definition[]): readonly string[] {
  return [...takenProperties(definitions)].map(([kind, properties]) => {
    const members = membersOf(definitions.find((one) => one.kind === kind)).filter(({ name }) => properties.has(name));
    return `${docComment(`A ${kind}, also one that another copy of this package created.`, "")}export interface ${anyResourceName(kind)} extends pulumi.CustomResource {\n${memberDeclarations(members, "  readonly")}}\n`;
  });
}

/** The properties of a resource, its inputs first. */
const membersOf = (definition: Definition | undefined): readonly (FieldShape & { readonly optional: boolean })[] =>
  definition === undefined
    ? []
    : [
        ...fieldsOf(definition.inputs).map((f) => ({ ...f, optional: !isAlwaysSet(f) })),
        ...fieldsOf(definition.outputs).map((f) => ({ ...f, optional: !f.required })),
      ];

const memberDeclarations = (members: ReturnType<typeof membersOf>, modifiers: string): string =>
  members
    .map(
      (f) =>
        `${docComment(f.description)}${modifiers} ${f.name}: pulumi.Output<${plainType(f.shape)}${f.optional ? " | undefined" : ""}>;\n`,
    )
    .join("");

/** The source of one resource's class. */
export function classSource(definition: Definition): string {
  const { kind, description } = definition;
  const inputs = fieldsOf(definition.inputs);
  const outputs = fieldsOf(definition.outputs);
  const types = [
    ...inputs.flatMap(({ resource }) => (resource === undefined ? [] : [anyResourceName(resource.kind)])),
    ...objectTypesOf([definition]).map((shape) => shape.name),
  ];
  const all = `${inputs.map((f) => f.name).join(" ")} ${outputs.map((f) => f.name).join(" ")}`;
  const source = [argMembers(inputs), memberDeclarations(membersOf(definition), "  declare readonly")];
  const used = types
    .flatMap((name) => [name, `${name}Args`])
    .filter((name) => new RegExp(`\\b${name}\\b`).test(source.join("")));
  const secrets = secretPaths([...inputs, ...outputs]);
  const required = inputs.filter((f) => f.required).map((f) => f.name);
  const names = (list: readonly string[]) => `[${list.map((name) => JSON.stringify(name)).join(", ")}]`;
  return `${GENERATED_HEADER}import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
${used.length === 0 ? "" : `import type { ${used.join(", ")} } from "./types";\n`}
/** Arguments of {@link ${kind}}. */
export interface ${kind}Args {
${source[0]}}

/** ${description} */
export class ${kind} extends UnikernelResource {
${source[1]}
  /**
   * Declares a ${kind}.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: ${kind}Args, opts?: pulumi.CustomResourceOptions) {
    requireArgs("${kind}", args, ${names(required)}, opts);
    super("${kind}", name, args, ${names(all.split(" "))}, ${names(secrets)}, opts${resourceArguments(definition)});
  }

  /** Looks up an existing ${kind} by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ${kind} {
    return new ${kind}(name, {}${required.length === 0 ? "" : ` as ${kind}Args`}, { ...opts, id });
  }

  /** True if the value is a ${kind}, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is ${kind} {
    return UnikernelResource.isOf("${kind}", value);
  }
}
`;
}
