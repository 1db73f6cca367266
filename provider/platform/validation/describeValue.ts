/** Formats values, types and paths for error messages. Pure. */

const MAX_QUOTED_LENGTH = 64;

/** Shortens a text of the request for a message. */
export const abbreviate = (text: string): string =>
  text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;

/** The API's name for the type of a value. */
export function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

const TYPE_NAMES: Readonly<Record<string, string>> = { int: "integer", number: "integer", record: "object" };

/** The API's name for a type that a model expects. */
export const expectedTypeName = (expected: string): string => TYPE_NAMES[expected] ?? expected;

/** Formats a path, such as `services[0].port`. */
export const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? abbreviate(String(part)) : `${text}.${abbreviate(String(part))}`;
  }, "");

/** The value at a path; `undefined` if there is none. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );
