/** The fields of a definition, read from its zod schema and cached. Pure. */
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import { type FieldMeta, type Properties, metaOf } from "./resource";

/** One field of an object. */
export interface Field {
  readonly name: string;
  readonly schema: z.ZodType;
  /** `undefined` if the schema was not declared with `field`. */
  readonly meta: FieldMeta | undefined;
}

const cache = new WeakMap<z.ZodObject, readonly Field[]>();

/** The fields of an object, in the order of its schema. */
export function fieldsIn(object: z.ZodObject): readonly Field[] {
  const cached = cache.get(object);
  if (cached !== undefined) return cached;
  const fields = Object.entries(object.shape as Readonly<Record<string, z.ZodType>>).map(([name, schema]) => ({
    name,
    schema,
    meta: metaOf(schema),
  }));
  cache.set(object, fields);
  return fields;
}

/**
 * True if all fields are deeply equal, so that nothing has changed and neither side needs to be parsed. False does not mean that
 * something has changed: an older release may have left out a field that has a default now, and sets may differ in order.
 */
export const sameFields = (object: z.ZodObject, a: Properties, b: Properties): boolean =>
  fieldsIn(object).every(({ name }) => a[name] === b[name] || isDeepStrictEqual(a[name], b[name]));
