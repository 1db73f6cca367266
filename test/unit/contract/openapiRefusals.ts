/** What our wire models refuse of documents, in the words in which `jsonSchema.ts` says what does not fit a schema. */
import type * as z from "zod";
import { type JsonSchema, type ResolveRef, propertiesOf } from "../../support/jsonSchema";

/** A path of zod's as the other paths here: `[]` for a position in a list, `{}` for a key that a document may choose. */
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

/** Both uuid and name, or neither, where an object is named. */
const namesNotOne = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "uuid" in value === "name" in value;

/**
 * What zod refuses of a document, as `path: why`; of a union what the branch refuses that refuses least. Three reasons,
 * which the API's description does not give, go for all documents: a text that is given is not empty, an object is named by one
 * of uuid and name, and a bulk request asks for something.
 */
export function refusals(
  document: unknown,
  issue: z.core.$ZodIssue,
  pathOf: (path: readonly PropertyKey[]) => string,
  before: readonly PropertyKey[] = [],
): readonly string[] {
  const path = [...before, ...issue.path];
  const value = valueAt(document, path);
  switch (issue.code) {
    case "invalid_union": {
      const branches = issue.errors.map((issues) => issues.flatMap((one) => refusals(document, one, pathOf, path)));
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
