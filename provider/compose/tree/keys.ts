/** Reports the keys of a map that are not read, each as the table of its map says. */
import { closestMatch } from "../../base/spelling";
import type { Reports } from "./reports";
import type { Mapping, Tree } from "./tree";

/**
 * What becomes of a key: `read`; `warns` of something that does no harm if it has no effect; `fails` where the program would do something else
 * than the file says. The text is a sentence: why, and what to do.
 */
export type KeyRule = "read" | { readonly warns: string } | { readonly fails: string };

/** The keys of a map that Compose knows. */
export type KeyTable = Readonly<Record<string, KeyRule>>;

/**
 * Reports keys by the table; a key that Compose does not know is a problem. Extensions (`x-…`) are allowed, and so is what asks for nothing:
 * no value, `false`, or an empty list or map.
 *
 * @param where what has the keys, such as `service 'web'`
 */
export function checkKeys(map: Mapping, table: KeyTable, where: string, reports: Reports): void {
  for (const [key, { at, value }] of map.entries) {
    const rule = Object.hasOwn(table, key) ? table[key] : undefined;
    if (rule === "read" || key.startsWith("x-")) continue;
    if (rule === undefined) {
      const meant = closestMatch(key, Object.keys(table));
      const advice = meant === undefined ? "remove it, or start it with 'x-'" : `did you mean '${meant}'?`;
      reports.problem(
        at,
        `${where}: Compose has no key '${key.slice(0, 64)}' here; ${advice}`.replace(/([^?])$/, "$1."),
      );
    } else if (asksForNothing(value)) continue;
    else if ("warns" in rule) reports.warn(at, `${where}: '${key}' has no effect. ${rule.warns}`);
    else reports.problem(at, `${where}: '${key}' is not supported. ${rule.fails}`);
  }
}

function asksForNothing(value: Tree): boolean {
  if (value.kind === "list") return value.items.length === 0;
  if (value.kind === "map") return value.entries.size === 0;
  return value.text === null || value.text === "" || value.text.toLowerCase() === "false";
}
