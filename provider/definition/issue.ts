/** Says what zod found wrong in our words: what is allowed, what was given, what was probably meant. */
import type * as z from "zod";
import { nearest } from "../base/nearest";

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** A short form of a value for a sentence; `undefined` (a secret, or nothing) yields an empty text. */
function got(value: unknown, path: readonly PropertyKey[]): string {
  const at = path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
  if (at === undefined || (typeof at === "object" && at !== null)) return "";
  const text = quote(at);
  return `, got ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

const typeOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/**
 * A sentence for one issue.
 *
 * @param value the value that was checked; leave it out for secrets, then nothing of it is quoted
 */
export function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type": {
      const at = issue.path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
      if (issue.input === undefined && at === undefined) return `required: give a value of type ${issue.expected}.`;
      return `must be of type ${issue.expected === "int" ? "integer" : issue.expected}, got ${typeOf(at)}.`;
    }
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? `must have at least ${issue.minimum} ${issue.origin === "string" ? "characters" : "items"}.`
        : `must be at least ${issue.minimum}${got(value, issue.path)}.`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `must have at most ${issue.maximum} ${issue.origin === "string" ? "characters" : "items"}.`
        : `must be at most ${issue.maximum}${got(value, issue.path)}.`;
    case "invalid_value": {
      const allowed = issue.values.map((v) => quote(v)).join(", ");
      const meant =
        typeof value === "string"
          ? nearest(value, issue.values.filter((v): v is string => typeof v === "string"))
          : undefined;
      return `must be one of ${allowed}${got(value, issue.path)}${meant === undefined ? "" : `; did you mean ${quote(meant)}?`}.`;
    }
    default:
      return `${issue.message}${got(value, issue.path)}.`;
  }
}
