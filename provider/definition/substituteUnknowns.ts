/** Substitutes unknown parts of a value, so that an update can be planned. Pure. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { type Properties, innerSchema } from "./resource";
import { knownPartsDiffer, memberSchema } from "./diff";
import { containsUnknown, isUnknown } from "./unknowns";

/** Assumptions about unknown strings: each keeps its old value if it has one, or changes and stays the placeholder. */
export const UNKNOWN_ASSUMPTIONS = ["unchanged", "changed"] as const;
/** One of {@link UNKNOWN_ASSUMPTIONS}. */
export type UnknownAssumption = (typeof UNKNOWN_ASSUMPTIONS)[number];

const toArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** True for a schema that accepts any string, including the placeholder of an unknown value. */
const acceptsAnyString = (schema: z.ZodType | undefined): boolean => {
  const bare = schema === undefined ? undefined : (innerSchema(schema) ?? schema);
  if (bare instanceof z.ZodUnion) return (bare.options as readonly z.ZodType[]).some(acceptsAnyString);
  return bare instanceof z.ZodString || bare instanceof z.ZodUnknown;
};

/** True if an update can be planned: only strings are unknown. */
export function isPlannable(schema: z.ZodType | undefined, value: unknown): boolean {
  if (!containsUnknown(value)) return true;
  if (isUnknown(value)) return acceptsAnyString(schema);
  if (schema !== undefined && (innerSchema(schema) ?? schema) instanceof z.ZodUnknown) return true;
  return Object.entries(value as Properties).every(([key, inner]) =>
    isPlannable(schema && memberSchema(schema, key), inner),
  );
}

/** Substitutes each partly unknown item of a list with an old item that matches its known parts. */
function substituteItems(
  element: z.ZodType | undefined,
  olds: readonly unknown[],
  items: readonly unknown[],
): readonly unknown[] {
  const unmatchedOlds = olds.filter((old) => !items.some((item) => isDeepStrictEqual(item, old)));
  return items.map((item) =>
    isUnknown(item) || !containsUnknown(item)
      ? item
      : (unmatchedOlds.find((old) => !knownPartsDiffer(element, old, item)) ?? item),
  );
}

/**
 * The value with its unknown parts substituted. An unknown string follows the assumption. Any other unknown part takes its old
 * value or its default; if it has neither, it stays unknown, so that no update can be planned.
 */
export function substituteUnknowns(
  schema: z.ZodType | undefined,
  before: unknown,
  after: unknown,
  assumption: UnknownAssumption,
): unknown {
  if (!containsUnknown(after)) return after;
  if (isUnknown(after)) {
    if (acceptsAnyString(schema) && (assumption === "changed" || before === undefined)) return after;
    const parsed = schema?.safeParse(before);
    return parsed?.success === true ? parsed.data : after;
  }
  if (Array.isArray(after)) {
    return assumption === "changed"
      ? after
      : substituteItems(schema && memberSchema(schema, ""), toArray(before), after);
  }
  const members = (before ?? {}) as Properties;
  return Object.fromEntries(
    Object.entries(after as Properties)
      .map(
        ([key, inner]) =>
          [key, substituteUnknowns(schema && memberSchema(schema, key), members[key], inner, assumption)] as const,
      )
      .filter(([, inner]) => inner !== undefined),
  );
}
