/** A zod schema reduced to what Pulumi's schema and a TypeScript declaration can express. */
import * as z from "zod";
import {
  type ChangeEffect,
  type Definition,
  type ResourceValue,
  innerSchema,
  metaOf,
  typeNameOf,
} from "../../provider/definition/resource";
import { assetSchema } from "../../provider/definition/asset";

/** The type of a value. */
export type Shape =
  /** "scalar" is a string, number, boolean or null; "any" is any JSON; "asset" is one of Pulumi's assets. */
  | { readonly kind: "string" | "integer" | "number" | "boolean" | "scalar" | "any" | "asset" }
  | { readonly kind: "union"; readonly options: readonly Shape[] }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "array"; readonly items: Shape }
  | { readonly kind: "map"; readonly values: Shape }
  | {
      readonly kind: "object";
      readonly name: string;
      readonly description: string;
      readonly fields: readonly FieldShape[];
    };

/** A property. */
export interface FieldShape {
  readonly name: string;
  readonly shape: Shape;
  readonly description: string;
  /** An input that must be set, or an output that is always set. */
  readonly required: boolean;
  readonly secret: boolean;
  /** The effect of a change; "conditional" when it depends on the change. */
  readonly change: ChangeEffect | "conditional";
  /** True when check fills it in if the user omits it. */
  readonly hasDefault: boolean;
  /** The default, if it is a plain value that a schema can express. */
  readonly default: string | number | boolean | undefined;
  /** A resource that the SDK takes in place of the value; `undefined` for none. */
  readonly resource: ResourceValue | undefined;
  /** The original schema. */
  readonly schema: z.ZodType;
}

/** Reduces a schema. Throws for a schema type that definitions must not use. */
export function shapeOf(schema: z.ZodType): Shape {
  const inner = innerSchema(schema);
  if (inner !== undefined) return shapeOf(inner);
  if (schema instanceof z.ZodString) return { kind: "string" };
  if (schema instanceof z.ZodNumber) return { kind: schema.isInt ? "integer" : "number" };
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodEnum) return { kind: "words", words: schema.options.map(String) };
  if (schema instanceof z.ZodArray) return { kind: "array", items: shapeOf(schema.element as z.ZodType) };
  if (schema instanceof z.ZodRecord) return { kind: "map", values: shapeOf(schema.valueType as z.ZodType) };
  if (schema === assetSchema) return { kind: "asset" };
  if (schema instanceof z.ZodUnion) return shapeOfUnion(schema.options as readonly z.ZodType[]);
  if (schema instanceof z.ZodUnknown) return { kind: "any" };
  if (schema instanceof z.ZodObject) {
    const named = typeNameOf(schema);
    if (named !== undefined) return { kind: "object", ...named, fields: fieldsOf(schema) };
  }
  throw new Error(`A definition uses a schema without a shape: ${schema.def.type}`);
}

function shapeOfUnion(options: readonly z.ZodType[]): Shape {
  const isPlain = options.every((option) => option instanceof z.ZodNumber || option instanceof z.ZodString);
  return isPlain || options.some((option) => option instanceof z.ZodObject)
    ? { kind: "union", options: options.map(shapeOf) }
    : { kind: "scalar" };
}

/** The properties of an object, without computed ones. */
export function fieldsOf(object: z.ZodObject): readonly FieldShape[] {
  return Object.entries(object.shape as Readonly<Record<string, z.ZodType>>)
    .filter(([, schema]) => metaOf(schema)?.computed !== true)
    .map(([name, schema]) => {
      const meta = metaOf(schema);
      const fallback: unknown = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
      return {
        name,
        shape: shapeOf(schema),
        description: meta?.description ?? "",
        required: !schema.safeParse(undefined).success,
        secret: meta?.secret === true,
        change: typeof meta?.onChange === "function" ? "conditional" : (meta?.onChange ?? "update"),
        hasDefault: schema instanceof z.ZodDefault || meta?.keptWhenAbsent === true,
        default:
          typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean"
            ? fallback
            : undefined,
        resource: meta?.resource,
        schema,
      };
    });
}

/** Every named object type that the definitions use, once each, sorted by name. */
export function objectTypesOf(definitions: readonly Definition[]): readonly Extract<Shape, { kind: "object" }>[] {
  const found = new Map<string, Extract<Shape, { kind: "object" }>>();
  const visit = (shape: Shape): void => {
    if (shape.kind === "array") visit(shape.items);
    if (shape.kind === "map") visit(shape.values);
    if (shape.kind === "union") shape.options.forEach(visit);
    if (shape.kind !== "object" || found.has(shape.name)) return;
    found.set(shape.name, shape);
    shape.fields.forEach((inner) => visit(inner.shape));
  };
  for (const { inputs, outputs } of definitions) {
    [...fieldsOf(inputs), ...fieldsOf(outputs)].forEach((inner) => visit(inner.shape));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
