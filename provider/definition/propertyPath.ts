/** Property paths in Pulumi's notation: `ports[0].port`, `env["A.B"]`. */

/** A key or an index. */
export type PathPart = string | number;

/** A part of a path in Pulumi's notation: `.name`, `name`, `["key"]`, `[0]` or `[*]`. */
const PART = /\.?(?:([^.[\]]+)|\[(?:"((?:\\"|[^"])*)"|([0-9]+)|(\*))\])/gy;

/** The parts of a path, `*` for any; `undefined` for a text that is no path. Source: the engine's `ParsePropertyPath`. */
export function parsePath(text: string): readonly PathPart[] | undefined {
  const parts = [...text.matchAll(PART)];
  const isWhole = parts.reduce((length, [part]) => length + part.length, 0) === text.length;
  if (parts.length === 0 || !isWhole || text.startsWith(".")) return undefined;
  return parts.map(
    ([, name, key, index]) => name ?? key?.replaceAll('\\"', '"') ?? (index === undefined ? "*" : Number(index)),
  );
}

/** Formats a path. */
export function formatPath(path: readonly PathPart[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}
