/** What a model finds wrong with a request, in the API's own words. Pure. */
import type * as z from "zod";

type Issue = z.core.$ZodIssue;

const typeName = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
};

const WANTED: Readonly<Record<string, string>> = { int: "integer", number: "integer", record: "object" };

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );

/**
 * One sentence for the first thing that is wrong.
 *
 * @param input what was parsed
 * @param place completes "'memory_mb' in …", such as `instance creation arguments`
 */
export function explainIssues(issues: readonly Issue[], input: unknown, place: string): string {
  // An unknown member often is the misspelling of one that is missing: say that first.
  const issue = issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];
  return issue === undefined ? "Invalid request" : explainOne(issue, input, place, []);
}

function explainOne(issue: Issue, input: unknown, place: string, above: readonly PropertyKey[]): string {
  const path = [...above, ...issue.path];
  const value = valueAt(input, path);
  const field = path.length === 0 ? "The body" : `'${pathText(path)}'`;
  switch (issue.code) {
    case "unrecognized_keys":
      return `Unknown member '${issue.keys[0] ?? ""}'${path.length === 0 ? "" : ` in '${pathText(path)}'`}`;
    case "invalid_type": {
      const wanted = WANTED[issue.expected] ?? issue.expected;
      if (value === undefined) return `${field} is missing in ${place}; expected '${wanted}'`;
      return `${field} in ${place} has type '${typeName(value)}', but expected '${wanted}'`;
    }
    case "too_small":
    case "too_big":
      return `${field} ${range(issue)}`;
    case "invalid_value":
      return `${field} must be one of ${issue.values.map((one) => `'${String(one)}'`).join(", ")}`;
    case "invalid_union":
      return explainUnion(issue, input, place, path);
    case "invalid_format":
      return `${field} contains characters that are not allowed, or is too long`;
    default:
      return `${field} is invalid: ${issue.message}`;
  }
}

/** Bounds as models state them one at a time: "must be at least 16". */
function range(issue: Extract<Issue, { code: "too_small" | "too_big" }>): string {
  const bound = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  switch (issue.origin) {
    case "string":
      return `must have ${bound} character(s)`;
    case "array":
      return `must have ${bound} element(s)`;
    default:
      return `must be ${bound}`;
  }
}

/** The unions of this API choose by `uuid` or `name`: judged by the one that was given. */
function explainUnion(
  issue: Extract<Issue, { code: "invalid_union" }>,
  input: unknown,
  place: string,
  path: readonly PropertyKey[],
): string {
  const value = valueAt(input, path);
  const where = path.length === 0 ? "" : ` in '${pathText(path)}'`;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const [byUuid, byName] = ["uuid" in value, "name" in value];
    if (byUuid && byName) return `Either 'uuid' or 'name' must be given${where}, not both`;
    if (!byUuid && !byName) return `Either 'uuid' or 'name' must be given${where}`;
    const branch = issue.errors[byUuid ? 0 : 1] ?? [];
    const first = branch.find((one) => one.code === "unrecognized_keys") ?? branch[0];
    if (first !== undefined) return explainOne(first, input, place, path);
  }
  return `'${pathText(path)}' in ${place} has type '${typeName(value)}', but expected 'object'`;
}
