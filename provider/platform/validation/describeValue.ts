/** How messages name values, types and places in a request. Pure. */

const MAX_QUOTED_LENGTH = 64;

/** A text of the request as a message quotes it. */
export const abbreviate = (text: string): string =>
  text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;

/** The type of a value in the API's words. */
export function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

const TYPE_NAMES: Readonly<Record<string, string>> = { int: "integer", number: "integer", record: "object" };

/** The type that a model expects in the API's words. */
export const expectedTypeName = (expected: string): string => TYPE_NAMES[expected] ?? expected;

/** Such as `services[0].port`. */
export const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? abbreviate(String(part)) : `${text}.${abbreviate(String(part))}`;
  }, "");

/** What stands at a path. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );
