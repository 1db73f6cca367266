/** Equivalent values, and values with unknown parts. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { innerSchema, metaOf } from "../../provider/definition/resource";
import { UNKNOWN } from "../../provider/definition/unknowns";
import { type RandomSource, shuffled } from "./seededRandom";

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** The same value with some parts unknown, each with this probability. The root stays known. */
export function withUnknowns(value: unknown, choose: RandomSource, share: number): unknown {
  const blur = (inner: unknown): unknown => (choose() < share ? UNKNOWN : withUnknowns(inner, choose, share));
  if (Array.isArray(value)) return value.map(blur);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, blur(inner)]));
}

/** Another notation of the same inputs. */
export interface WritingStyle {
  /** Shuffles sets and keys. */
  readonly isShuffled: boolean;
  /** Omits what equals its default. */
  readonly omitsDefaults: boolean;
  /** Writes absent values as `null`, as Pulumi sends them inside nested values. */
  readonly writesNulls: boolean;
}

/** The value in another notation. Its schema defines which lists are sets, and the defaults. */
export function rewriteEquivalently(
  schema: z.ZodType,
  value: unknown,
  style: WritingStyle,
  choose: RandomSource,
): unknown {
  const plainSchema = unwrapSchema(schema);
  if (Array.isArray(value) && plainSchema instanceof z.ZodArray) {
    const items = value.map((item) => rewriteEquivalently(plainSchema.element as z.ZodType, item, style, choose));
    return style.isShuffled && metaOf(schema)?.unordered === true ? shuffled(items, choose) : items;
  }
  // In a program's own JSON, null and false have a meaning.
  if (!isMap(value) || !(plainSchema instanceof z.ZodObject || plainSchema instanceof z.ZodRecord)) return value;
  const shape = plainSchema instanceof z.ZodObject ? (plainSchema.shape as Readonly<Record<string, z.ZodType>>) : {};
  const members = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const member = shape[key];
    if (inner === undefined || inner === null) return [];
    if (member === undefined) return [[key, inner]];
    const isDefault = member instanceof z.ZodDefault && isDeepStrictEqual(inner, member.def.defaultValue);
    return style.omitsDefaults && isDefault ? [] : [[key, rewriteEquivalently(member, inner, style, choose)]];
  });
  const absent = style.writesNulls ? Object.keys(shape).filter((key) => members.every(([name]) => name !== key)) : [];
  const all = [...members, ...absent.map((key): [string, unknown] => [key, null])];
  return Object.fromEntries(style.isShuffled ? shuffled(all, choose) : all);
}

function unwrapSchema(schema: z.ZodType): z.ZodType {
  const inner = innerSchema(schema);
  return inner === undefined ? schema : unwrapSchema(inner);
}
