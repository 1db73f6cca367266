/** Conversion of API items to function results: members are renamed, `memory_mb` to `memoryMb`. Pure. */
import * as z from "zod";
import { innerSchema } from "../definition/resource";

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The members of an item that the schema defines, under the schema's names. Null members are left out; `computed` ones are added. */
export function fromWire<O extends z.ZodObject>(
  schema: O,
  item: Readonly<Record<string, unknown>>,
  computed: Partial<z.output<O>> = {},
): z.output<O> {
  return schema.parse({ ...(decodeValue(schema, item) as object), ...computed });
}

function decodeValue(schema: z.ZodType, value: unknown): unknown {
  const bare = innerSchema(schema);
  if (bare !== undefined) return value === null || value === undefined ? undefined : decodeValue(bare, value);
  if (schema instanceof z.ZodArray)
    return Array.isArray(value) ? value.map((one) => decodeValue(schema.element as z.ZodType, one)) : [];
  if (!(schema instanceof z.ZodObject) || value === null || typeof value !== "object") return value;
  const item = value as Readonly<Record<string, unknown>>;
  const members = Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).map(([key, inner]) => [
    key,
    decodeValue(inner, item[toSnakeCase(key)] ?? undefined),
  ]);
  return Object.fromEntries(members);
}
