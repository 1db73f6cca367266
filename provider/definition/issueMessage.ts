/** Converts zod issues to sentences with the allowed values, the actual value and a suggestion. */
import type * as z from "zod";
import { closestMatch } from "../base/spelling";

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value);

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);

/** The value for the end of a sentence, at most 60 characters; empty for lists and objects. */
function gotSuffix(value: unknown): string {
  if (value === undefined || (typeof value === "object" && value !== null)) return "";
  const text = quote(value);
  return `, got ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

/** zod type names that differ from JSON's. */
const TYPE_NAMES: Readonly<Record<string, string>> = { int: "integer", record: "object" };

const jsonTypeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/**
 * The sentence for an issue.
 *
 * @param root the checked value, in which the issue's path starts
 * @param secret true if the value must not be quoted
 */
export function describeIssue(issue: z.core.$ZodIssue, root: unknown, secret: boolean): string {
  const value = valueAt(root, issue.path);
  const got = secret ? "" : gotSuffix(value);
  const unitOf = (origin: string | undefined) =>
    origin === "string" ? "characters" : origin === "array" ? "items" : undefined;
  switch (issue.code) {
    case "invalid_type": {
      const expected = TYPE_NAMES[issue.expected] ?? issue.expected;
      if (expected === "integer" && typeof value === "number") return `must be a whole number${got}.`;
      return value === undefined
        ? `required: give a value of type ${expected}.`
        : typeof value === "number" && !Number.isFinite(value)
          ? `must be of type ${expected}, got ${value}; check that the variables it is computed from are set.`
          : `must be of type ${expected}, got ${jsonTypeOf(value)}.`;
    }
    case "too_small":
    case "too_big": {
      const bound = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      const unit = unitOf(issue.origin);
      if (unit !== undefined && issue.code === "too_small" && Number(issue.minimum) === 1) return "must not be empty.";
      return unit === undefined ? `must be ${bound}${got}.` : `must have ${bound} ${unit}.`;
    }
    case "invalid_value": {
      const known = issue.values.filter((v): v is string => typeof v === "string");
      const suggestion = typeof value === "string" && !secret ? closestMatch(value, known) : undefined;
      return `must be one of ${known.map(quote).join(", ")}${got}.${suggestion === undefined ? "" : ` Did you mean ${quote(suggestion)}?`}`;
    }
    case "invalid_union":
      return `${issue.message}, got ${jsonTypeOf(value)}.`;
    default:
      return `${issue.message}${got}.`;
  }
}
