/** JSON Schema, as far as our OpenAPI documents and zod's own export use it: matching values, and violations. */
import * as fc from "fast-check";

/** A schema, or a reference to another one. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** Resolves a `$ref`. */
export type ResolveRef = (schema: JsonSchema) => JsonSchema;

/** Resolves `#/components/schemas/X` of an OpenAPI document. */
export const refResolver =
  (schemas: Readonly<Record<string, JsonSchema>>): ResolveRef =>
  (schema) => {
    if (schema.$ref === undefined) return schema;
    const found = schemas[schema.$ref.split("/").at(-1) ?? ""];
    if (found === undefined) throw new Error(`no schema ${schema.$ref}`);
    return found;
  };

/** A schema with the branches of its unions merged to one object with every property. Without `resolve` it must contain no `$ref`. */
export function propertiesOf(
  schema: JsonSchema,
  resolve: ResolveRef = (found) => found,
): Readonly<Record<string, JsonSchema>> {
  const found = resolve(schema);
  const branches = found.oneOf ?? found.anyOf ?? [];
  return { ...found.properties, ...Object.assign({}, ...branches.map((one) => propertiesOf(one, resolve))) };
}

/** Depth from which optional parts are omitted, so that recursive schemas end. */
const MAX_DEPTH = 6;

/** Values that match the schema. All numbers are integers, since the documents do not distinguish the types. */
export function arbitraryOf(unresolved: JsonSchema, resolve: ResolveRef, depth = 0): fc.Arbitrary<unknown> {
  const schema = resolve(unresolved);
  const inner = (one: JsonSchema): fc.Arbitrary<unknown> => arbitraryOf(one, resolve, depth + 1);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches !== undefined) return fc.oneof(...branches.map(inner));
  switch (schema.type) {
    case "string":
      return stringOf(schema);
    case "integer":
    case "number":
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 2 ** 31, 2 ** 31) });
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(inner(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: depth > MAX_DEPTH ? (schema.minItems ?? 0) : 3,
      });
    case "object":
      return schema.properties === undefined ? mapOf(schema, inner) : recordOf(schema, schema.properties, inner, depth);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function stringOf({ pattern, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  const fits = (text: string): boolean => text.length >= (minLength ?? 0) && text.length <= (maxLength ?? 64);
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { maxLength: 64 }).filter(fits);
  return fc.string({ minLength: minLength ?? 0, maxLength: Math.min(maxLength ?? 20, 20) });
}

function mapOf(schema: JsonSchema, inner: (one: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const values = typeof schema.additionalProperties === "object" ? inner(schema.additionalProperties) : fc.string();
  const keys = stringOf(schema.propertyNames ?? {}).filter((key) => key !== "__proto__");
  return fc.dictionary(keys, values, { maxKeys: 3, noNullPrototype: true });
}

function recordOf(
  schema: JsonSchema,
  properties: Readonly<Record<string, JsonSchema>>,
  inner: (one: JsonSchema) => fc.Arbitrary<unknown>,
  depth: number,
): fc.Arbitrary<unknown> {
  const required = schema.required ?? [];
  const included = Object.entries(properties).filter(([key]) => depth <= MAX_DEPTH || required.includes(key));
  return fc.record(Object.fromEntries(included.map(([key, one]) => [key, inner(one)])), {
    requiredKeys: included.map(([key]) => key).filter((key) => required.includes(key)),
    noNullPrototype: true,
  });
}

/** Every violation of a schema, as `path: why`. An unknown member is one, as on strict servers. */
export function schemaViolations(
  unresolved: JsonSchema,
  value: unknown,
  resolve: ResolveRef,
  path = "",
): readonly string[] {
  const schema = resolve(unresolved);
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches !== undefined) {
    const each = branches.map((one) => schemaViolations(one, value, resolve, path));
    return each.some((found) => found.length === 0) ? [] : (each[0] ?? []);
  }
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${path}: not in the enumeration`];
  switch (schema.type) {
    case "string":
    case "boolean":
      return typeof value === schema.type ? [] : [`${path}: not a ${schema.type}`];
    case "integer":
    case "number":
      return typeof value === "number" ? [] : [`${path}: not a number`];
    case "array":
      if (!Array.isArray(value)) return [`${path}: not an array`];
      return value.flatMap((item) => schemaViolations(schema.items ?? {}, item, resolve, `${path}[]`));
    case "object":
      return objectViolations(schema, value, resolve, path);
    default:
      return [];
  }
}

function objectViolations(schema: JsonSchema, value: unknown, resolve: ResolveRef, path: string): readonly string[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [`${path}: not an object`];
  const { properties } = schema;
  if (properties === undefined) return [];
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${path}.${key}: missing`);
  const wrong = Object.entries(value).flatMap(([key, inner]) => {
    const known = properties[key];
    return known === undefined
      ? [`${path}.${key}: unknown`]
      : schemaViolations(known, inner, resolve, `${path}.${key}`);
  });
  return [...missing, ...wrong];
}
