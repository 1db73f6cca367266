/** What a model finds wrong with a request, in the API's own words and codes. Pure. */
import type * as z from "zod";
import type { ItemCodeName } from "../../../contract/codes";
import { pathText, quoted, typeName, valueAt, wantedType } from "./describeValue";

type Issue = z.core.$ZodIssue;

/** One sentence, and the code of its kind. */
export interface Finding {
  readonly message: string;
  readonly code: ItemCodeName;
}

/** Where a sentence looks: the whole input, and what completes "'memory_mb' in …", such as `instance creation arguments`. */
export interface Place {
  readonly input: unknown;
  readonly name: string;
}

/** An unknown member often is the misspelling of one that is missing: it is said first. */
const firstOf = (issues: readonly Issue[]): Issue | undefined =>
  issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];

/** One sentence for the first thing that is wrong. */
export function explainIssues(issues: readonly Issue[], place: Place): Finding {
  const issue = firstOf(issues);
  return issue === undefined
    ? { message: "Invalid request", code: "MalformedRequest" }
    : explainIssue(issue, place, []);
}

/** One sentence for one issue. `above` is the path of the union that it was found in. */
function explainIssue(issue: Issue, place: Place, above: readonly PropertyKey[]): Finding {
  const path = [...above, ...issue.path];
  const field = path.length === 0 ? "The body" : `'${pathText(path)}'`;
  switch (issue.code) {
    case "unrecognized_keys": {
      // The items of a bulk request are not told apart here: so do servers that know no other form.
      const inside = path.length === 0 || (path.length === 1 && typeof path[0] === "number") ? "" : ` in ${field}`;
      return { message: `Unknown member '${quoted(issue.keys[0] ?? "")}'${inside}`, code: "Unknown" };
    }
    case "invalid_type":
      return { message: wrongType(field, issue.expected, valueAt(place.input, path), place), code: "MalformedRequest" };
    case "too_small":
    case "too_big":
      return range(field, issue);
    case "invalid_value":
      return {
        message: `${field} must be one of ${issue.values.map((one) => `'${String(one)}'`).join(", ")}`,
        code: "Invalid",
      };
    case "invalid_union":
      return explainUnion(issue.errors, place, path);
    case "invalid_format":
      return { message: `${field} ${MALFORMED}`, code: "Invalid" };
    case "invalid_key":
      return { message: `The name ${field} ${MALFORMED}`, code: "Invalid" };
    case "custom":
      return { message: `${field} ${issue.message}`, code: "Invalid" };
    default:
      return { message: `${field} is invalid: ${issue.message}`, code: "Invalid" };
  }
}

const MALFORMED = "contains characters that are not allowed, or is too long";

function wrongType(field: string, expected: string, value: unknown, place: Place): string {
  const wanted = wantedType(expected);
  if (value === undefined) return `${field} is missing in ${place.name}; expected '${wanted}'`;
  return `${field} in ${place.name} has type '${typeName(value)}', but expected '${wanted}'`;
}

/** Bounds as models state them one at a time: "must be at least 16". */
function range(field: string, issue: Extract<Issue, { code: "too_small" | "too_big" }>): Finding {
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
 * One sentence for a union.
 *
 * @param forms what each of its forms finds wrong
 * @param path of the value
 */
function explainUnion(forms: readonly (readonly Issue[])[], place: Place, path: readonly PropertyKey[]): Finding {
  const value = valueAt(place.input, path);
  if (isSelector(forms, value)) return explainSelector(forms, value, place, path);
  const fitting = forms.filter((issues) => !issues.some(isOtherType));
  const issue = firstOf(nearestForm(fitting) ?? []);
  if (issue !== undefined) return explainIssue(issue, place, path);
  const wanted = new Set(forms.flat().flatMap((one) => (isOtherType(one) ? [wantedType(one.expected)] : [])));
  const expected = [...wanted].map((type) => `'${type}'`).join(" or ");
  const field = path.length === 0 ? "The body" : `'${pathText(path)}'`;
  return {
    message: `${field} in ${place.name} has type '${typeName(value)}', but expected ${expected}`,
    code: "MalformedRequest",
  };
}

type TypeIssue = Extract<Issue, { code: "invalid_type" }>;

/** True for "this is an array and should be a text", false for what is wrong inside. */
const isOtherType = (issue: Issue): issue is TypeIssue => issue.code === "invalid_type" && issue.path.length === 0;

/** The form whose findings lie deepest is the one that was meant; of several, the one with the fewest. */
function nearestForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length));
  return [...forms].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

/** True for the union of an object named by uuid with the same named by name. */
function isSelector(forms: readonly (readonly Issue[])[], value: unknown): value is object {
  const [byUuid = [], byName = [], ...more] = forms;
  const at = (issues: readonly Issue[], key: string): boolean => issues.some(({ path }) => path[0] === key);
  const mentions = (key: string): boolean =>
    forms
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
  forms: readonly (readonly Issue[])[],
  value: object,
  place: Place,
  path: readonly PropertyKey[],
): Finding {
  const where = path.length === 0 ? "" : ` in '${pathText(path)}'`;
  const [byUuid, byName] = ["uuid" in value, "name" in value];
  if (byUuid && byName) return { message: `Either 'uuid' or 'name' must be given${where}, not both`, code: "NotBoth" };
  const issue = firstOf(forms[byUuid ? 0 : 1] ?? []);
  if ((!byUuid && !byName) || issue === undefined)
    return { message: `Either 'uuid' or 'name' must be given${where}`, code: "MissingId" };
  return explainIssue(issue, place, path);
}
