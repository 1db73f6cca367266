/** The fields of a definition, read from its zod schema once and not once per value. Pure. */
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import { type FieldMeta, type Properties, metaOf } from "./resource";

/** One field of an object. */
export interface Field {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly meta: FieldMeta | undefined;
}

const known = new WeakMap<z.ZodObject, readonly Field[]>();

/** The fields of an object, in the order of its schema. */
export function fieldsIn(object: z.ZodObject): readonly Field[] {
  const found = known.get(object);
  if (found !== undefined) return found;
  const fields = Object.entries(object.shape as Readonly<Record<string, z.ZodType>>).map(([name, schema]) => ({
    name,
    schema,
    meta: metaOf(schema),
  }));
  known.set(object, fields);
  return fields;
}

/**
 * Are all fields equal as they stand? Then nothing has changed, whatever they mean, and neither side needs to be parsed. False says
 * nothing: an older release leaves out a field that has a default now, and sets may differ in their order.
 */
export const sameFields = (object: z.ZodObject, a: Properties, b: Properties): boolean =>
  fieldsIn(object).every(({ name }) => a[name] === b[name] || isDeepStrictEqual(a[name], b[name]));
