/** What a value of which a part is unknown is taken for, so that a plan can be made of it. Pure. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { type Properties, innerOf } from "./resource";
import { knownPartsDiffer, memberSchema } from "./diff";
import { containsUnknown, isUnknown } from "./unknowns";

/** What an unknown text is taken for: what it was before, wherever it may be that, or another one, which its stand-in is. */
export const READINGS = ["same", "other"] as const;
/** One of {@link READINGS}. */
export type Reading = (typeof READINGS)[number];

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Takes any text, of which the stand-in is one. */
const takesText = (schema: z.ZodType | undefined): boolean => {
  const bare = schema === undefined ? undefined : (innerOf(schema) ?? schema);
  return bare instanceof z.ZodString || bare instanceof z.ZodUnknown;
};

/** Can a plan be made of it? It can where nothing but texts is unknown. */
export function isReadable(schema: z.ZodType | undefined, value: unknown): boolean {
  if (takesText(schema) || !containsUnknown(value)) return true;
  if (isUnknown(value)) return false;
  return Object.entries(value as Properties).every(([key, inner]) =>
    isReadable(schema && memberSchema(schema, key), inner),
  );
}

/** A list. What is known of an item tells which of the old ones it may be, of those that are not in it anyway. */
function readItems(
  element: z.ZodType | undefined,
  olds: readonly unknown[],
  items: readonly unknown[],
): readonly unknown[] {
  const free = olds.filter((old) => !items.some((item) => isDeepStrictEqual(item, old)));
  return items.map((item) =>
    isUnknown(item) || !containsUnknown(item)
      ? item
      : (free.find((old) => !knownPartsDiffer(element, old, item)) ?? item),
  );
}

/**
 * The value with its unknown parts read. Where what is unknown is no text, it is what it was before, or its default; where there is
 * neither, it stays as it is, of which no plan can be made.
 */
export function readAs(schema: z.ZodType | undefined, before: unknown, after: unknown, reading: Reading): unknown {
  if (!containsUnknown(after)) return after;
  if (isUnknown(after)) {
    if (takesText(schema) && (reading === "other" || before === undefined)) return after;
    const settled = schema?.safeParse(before);
    return settled?.success === true ? settled.data : after;
  }
  if (Array.isArray(after)) {
    return reading === "other" ? after : readItems(schema && memberSchema(schema, ""), listOf(before), after);
  }
  const had = (before ?? {}) as Properties;
  return Object.fromEntries(
    Object.entries(after as Properties)
      .map(([key, inner]) => [key, readAs(schema && memberSchema(schema, key), had[key], inner, reading)] as const)
      .filter(([, inner]) => inner !== undefined),
  );
}
