/** Converts a model's validation issues to the API's messages and codes. Pure. */
import type * as z from "zod";
import type { ItemCodeName } from "../../contract/codes";
import { formatPath, abbreviate, typeName, valueAt, expectedTypeName } from "./describeValue";

type Issue = z.core.$ZodIssue;

/** A message of one sentence, and its error code. */
export interface RequestProblem {
  readonly message: string;
  readonly code: ItemCodeName;
}

/** The validated input, and its name for messages, such as `instance creation arguments` in "'memory_mb' in …". */
export interface InputContext {
  readonly input: unknown;
  readonly name: string;
}

/** The issue to report. Unknown members come first, because they are often misspellings of missing ones. */
const mostRelevantIssue = (issues: readonly Issue[]): Issue | undefined =>
  issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];

/** Describes the most relevant issue in one sentence. */
export function explainIssues(issues: readonly Issue[], place: InputContext): RequestProblem {
  const issue = mostRelevantIssue(issues);
  return issue === undefined
    ? { message: "Invalid request", code: "MalformedRequest" }
    : explainIssue(issue, place, []);
}

/** Describes one issue. `above` is the path of the union that contains it. */
function explainIssue(issue: Issue, place: InputContext, above: readonly PropertyKey[]): RequestProblem {
  const path = [...above, ...issue.path];
  const field = path.length === 0 ? "The body" : `'${formatPath(path)}'`;
  switch (issue.code) {
    case "unrecognized_keys": {
      // The message does not name the item of a bulk request, like the cloud's.
      const inside = path.length === 0 || (path.length === 1 && typeof path[0] === "number") ? "" : ` in ${field}`;
      return { message: `Unknown member '${abbreviate(issue.keys[0] ?? "")}'${inside}`, code: "Unknown" };
    }
    case "invalid_type":
      return {
        message: wrongTypeMessage(field, issue.expected, valueAt(place.input, path), place),
        code: "MalformedRequest",
      };
    case "too_small":
    case "too_big":
      return explainRange(field, issue);
    case "invalid_value":
      return {
        message: `${field} must be one of ${issue.values.map((one) => `'${String(one)}'`).join(", ")}`,
        code: "Invalid",
      };
    case "invalid_union":
      return explainUnion(issue.errors, place, path);
    case "invalid_format":
      return { message: `${field} ${INVALID_TEXT}`, code: "Invalid" };
    case "invalid_key":
      return { message: `The name ${field} ${INVALID_TEXT}`, code: "Invalid" };
    case "custom":
      return { message: `${field} ${issue.message}`, code: "Invalid" };
    default:
      return { message: `${field} is invalid: ${issue.message}`, code: "Invalid" };
  }
}

const INVALID_TEXT = "contains characters that are not allowed, or is too long";

function wrongTypeMessage(field: string, expected: string, value: unknown, place: InputContext): string {
  const wanted = expectedTypeName(expected);
  if (value === undefined) return `${field} is missing in ${place.name}; expected '${wanted}'`;
  return `${field} in ${place.name} has type '${typeName(value)}', but expected '${wanted}'`;
}

/** Describes a violated bound: "must be at least 16". */
function explainRange(field: string, issue: Extract<Issue, { code: "too_small" | "too_big" }>): RequestProblem {
  const bound = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  const over = issue.code === "too_big";
  switch (issue.origin) {
    case "string":
      return { message: `${field} must have ${bound} character(s)`, code: over ? "TooLong" : "Invalid" };
    case "array":
      return { message: `${field} must have ${bound} element(s)`, code: over ? "TooMany" : "Invalid" };
    default:
      return { message: `${field} must be ${bound}`, code: "Invalid" };
  }
}

/**
 * Describes an issue of a union in one sentence.
 *
 * @param variants the issues of each variant
 * @param path path of the value
 */
function explainUnion(
  variants: readonly (readonly Issue[])[],
  place: InputContext,
  path: readonly PropertyKey[],
): RequestProblem {
  const value = valueAt(place.input, path);
  if (isSelectorUnion(variants, value)) return explainSelector(variants, value, place, path);
  const fitting = variants.filter((issues) => !issues.some(isTypeMismatch));
  const issue = mostRelevantIssue(closestVariant(fitting) ?? []);
  if (issue !== undefined) return explainIssue(issue, place, path);
  const wanted = new Set(
    variants.flat().flatMap((one) => (isTypeMismatch(one) ? [expectedTypeName(one.expected)] : [])),
  );
  const expected = [...wanted].map((type) => `'${type}'`).join(" or ");
  const field = path.length === 0 ? "The body" : `'${formatPath(path)}'`;
  return {
    message: `${field} in ${place.name} has type '${typeName(value)}', but expected ${expected}`,
    code: "MalformedRequest",
  };
}

type TypeIssue = Extract<Issue, { code: "invalid_type" }>;

/** True if the value itself has the wrong type, false if the issue is inside it. */
const isTypeMismatch = (issue: Issue): issue is TypeIssue => issue.code === "invalid_type" && issue.path.length === 0;

/**
 * The variant that the client probably intended: the one with the deepest issues, and among those the one with the
 * fewest.
 */
function closestVariant(variants: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length));
  return [...variants].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

/** True for the union of a selector by uuid and a selector by name. */
function isSelectorUnion(variants: readonly (readonly Issue[])[], value: unknown): value is object {
  const [byUuid = [], byName = [], ...more] = variants;
  const at = (issues: readonly Issue[], key: string): boolean => issues.some(({ path }) => path[0] === key);
  const mentions = (key: string): boolean =>
    variants
      .flat()
      .some((issue) => issue.path[0] === key || (issue.code === "unrecognized_keys" && issue.keys.includes(key)));
  return (
    typeof value === "object" &&
    value !== null &&
    more.length === 0 &&
    mentions("uuid") &&
    mentions("name") &&
    !at(byUuid, "name") &&
    !at(byName, "uuid")
  );
}

function explainSelector(
  variants: readonly (readonly Issue[])[],
  value: object,
  place: InputContext,
  path: readonly PropertyKey[],
): RequestProblem {
  const where = path.length === 0 ? "" : ` in '${formatPath(path)}'`;
  const [byUuid, byName] = ["uuid" in value, "name" in value];
  if (byUuid && byName) return { message: `Either 'uuid' or 'name' must be given${where}, not both`, code: "NotBoth" };
  const issue = mostRelevantIssue(variants[byUuid ? 0 : 1] ?? []);
  if ((!byUuid && !byName) || issue === undefined)
    return { message: `Either 'uuid' or 'name' must be given${where}`, code: "MissingId" };
  return explainIssue(issue, place, path);
}
