/** Documents that our wire models reject, in the words in which `jsonSchema.ts` reports violations. */
import type * as z from "zod";
import { type JsonSchema, type ResolveRef, propertiesOf } from "../../support/jsonSchema";

/** A zod path in the notation used here: `[]` for a position in a list, `{}` for a key that a document chooses. */
export function pathIn(schema: JsonSchema, path: readonly PropertyKey[], resolve: ResolveRef): string {
  const [key, ...rest] = path;
  if (key === undefined) return "";
  if (typeof key === "number") return `[]${pathIn(resolve(schema).items ?? {}, rest, resolve)}`;
  const inner = propertiesOf(schema, resolve)[String(key)];
  return inner === undefined ? `{}${pathIn({}, rest, resolve)}` : `.${String(key)}${pathIn(inner, rest, resolve)}`;
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** Texts that may be empty: values that programs read, and contents of files. */
const MAY_BE_EMPTY = /(\.env\{\}|\.annotations\{\}|\.args\{\}|\.data|\.config)$/;

/** Both uuid and name, or neither, in a selector. */
const namesNotOne = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "uuid" in value === "name" in value;

/**
 * What zod rejects in a document, as `path: why`; for a union, the errors of the branch with the fewest. Three reasons,
 * which the API's description does not state, apply to all documents: a given text is not empty, a selector is either
 * uuid or name, and a bulk request is not empty.
 */
export function rejectionsOf(
  document: unknown,
  issue: z.core.$ZodIssue,
  pathOf: (path: readonly PropertyKey[]) => string,
  before: readonly PropertyKey[] = [],
): readonly string[] {
  const path = [...before, ...issue.path];
  const value = valueAt(document, path);
  switch (issue.code) {
    case "invalid_union": {
      const branches = issue.errors.map((issues) => issues.flatMap((one) => rejectionsOf(document, one, pathOf, path)));
      const least = branches.toSorted((a, b) => a.length - b.length)[0] ?? [];
      return namesNotOne(value) ? least.filter((one) => !/\.(uuid|name): (unknown|invalid_type)$/.test(one)) : least;
    }
    case "unrecognized_keys":
      return issue.keys.map((key) => `${pathOf([...path, key])}: unknown`);
    default:
      if (value === "" && !MAY_BE_EMPTY.test(pathOf(path))) return [];
      if (path.length === 0 && Array.isArray(value) && value.length === 0) return [];
      return [`${pathOf(path)}: ${issue.code}`];
  }
}
