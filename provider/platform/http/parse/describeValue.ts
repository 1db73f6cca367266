/** How messages name values, types and places in a request. Pure. */

const MAX_QUOTED = 64;

/** A text of the request as a message quotes it. */
export const quoted = (text: string): string => (text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);

/** The type of a value in the API's words. */
export function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

const WANTED: Readonly<Record<string, string>> = { int: "integer", number: "integer", record: "object" };

/** The type that a model expects in the API's words. */
export const wantedType = (expected: string): string => WANTED[expected] ?? expected;

/** Such as `services[0].port`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? quoted(String(part)) : `${text}.${quoted(String(part))}`;
  }, "");

/** What stands at a path. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );
