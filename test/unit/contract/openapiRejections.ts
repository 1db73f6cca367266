/** Rejections of documents by our wire models, in the notation of the violations from `jsonSchema.ts`. */
import type * as z from "zod";
import { type JsonSchema, type ResolveRef, propertiesOf } from "../../support/jsonSchema";

/** Formats a zod path: `[]` for an index in a list, `{}` for a key that the schema does not define. */
export function pathIn(schema: JsonSchema, path: readonly PropertyKey[], resolve: ResolveRef): string {
  const [key, ...rest] = path;
  if (key === undefined) return "";
  if (typeof key === "number") return `[]${pathIn(resolve(schema).items ?? {}, rest, resolve)}`;
  const inner = propertiesOf(schema, resolve)[String(key)];
  return inner === undefined ? `{}${pathIn({}, rest, resolve)}` : `.${String(key)}${pathIn(inner, rest, resolve)}`;
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** Strings that may be empty: values that programs read, and contents of files. */
const MAY_BE_EMPTY = /(\.env\{\}|\.annotations\{\}|\.args\{\}|\.data|\.config)$/;

/** Both uuid and name, or neither, in a selector. */
const hasInvalidSelector = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "uuid" in value === "name" in value;

/**
 * The rejections of a document by zod, as `path: reason`; for a union, those of the branch with the fewest. Omits three rules that
 * the API's description does not state: strings are not empty, a selector is either uuid or name, and a bulk request is not
 * empty.
 */
export function rejectionsOf(
  document: unknown,
  issue: z.core.$ZodIssue,
  pathOf: (path: readonly PropertyKey[]) => string,
  prefix: readonly PropertyKey[] = [],
): readonly string[] {
  const path = [...prefix, ...issue.path];
  const value = valueAt(document, path);
  switch (issue.code) {
    case "invalid_union": {
      const branches = issue.errors.map((issues) => issues.flatMap((one) => rejectionsOf(document, one, pathOf, path)));
      const fewest = branches.toSorted((a, b) => a.length - b.length)[0] ?? [];
      return hasInvalidSelector(value)
        ? fewest.filter((one) => !/\.(uuid|name): (unknown|invalid_type)$/.test(one))
        : fewest;
    }
    case "unrecognized_keys":
      return issue.keys.map((key) => `${pathOf([...path, key])}: unknown`);
    default:
      if (value === "" && !MAY_BE_EMPTY.test(pathOf(path))) return [];
      if (path.length === 0 && Array.isArray(value) && value.length === 0) return [];
      return [`${pathOf(path)}: ${issue.code}`];
  }
}
