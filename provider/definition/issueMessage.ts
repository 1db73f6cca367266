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

/** What a value of each type is called, by zod's name or that of `typeof`. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** What was given instead: the value, or only what it is if it is a secret, a list or an object. */
function describeGiven(value: unknown, secret: boolean): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  if (secret) return typeof value === "boolean" ? "a boolean" : (TYPE_NAMES[typeof value] ?? typeof value);
  return gotSuffix(value).replace(/^, got /, "");
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What to write in place of a duration such as `30s`, for a property whose name ends with `Ms`; else empty. */
function inMilliseconds(property: PropertyKey | undefined, value: unknown): string {
  const [, amount = "", unit = ""] = (typeof value === "string" && /^(\d+) ?(ms|s|m|h)$/.exec(value)) || [];
  const factor = UNITS_MS[unit];
  if (factor === undefined || !String(property).endsWith("Ms")) return "";
  return ` It is in milliseconds: write ${Number(amount) * factor}.`;
}

/**
 * The sentence for an issue.
 *
 * @param root the checked value, in which the issue's path starts
 * @param secret true if the value must not be quoted
 * @param property the name of the checked value
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  root: unknown,
  secret: boolean,
  property?: string | number,
): string {
  const value = valueAt(root, issue.path);
  const got = secret ? "" : gotSuffix(value);
  const unitOf = (origin: string | undefined) =>
    origin === "string" ? "characters" : origin === "array" ? "items" : undefined;
  switch (issue.code) {
    case "invalid_type": {
      const expected = TYPE_NAMES[issue.expected] ?? issue.expected;
      return value === undefined
        ? `required: give ${expected}.`
        : typeof value === "number" && !Number.isFinite(value)
          ? `must be ${expected}, got ${value}; check that the variables it is computed from are set.`
          : `must be ${expected}, got ${describeGiven(value, secret)}.${secret ? "" : inMilliseconds(issue.path.at(-1) ?? property, value)}`;
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
      if (value === undefined) return `required: it ${issue.message}.`;
      return `${issue.message}, got ${describeGiven(value, secret)}.`;
    default:
      return `${issue.message}${got}.`;
  }
}
