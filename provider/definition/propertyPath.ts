/** Property paths in Pulumi's notation: `ports[0].port`, `env["A.B"]`. */

/** A key or an index. */
export type PathPart = string | number;

/** Formats a path. */
export function formatPath(path: readonly PathPart[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}
