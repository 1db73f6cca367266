/** Reads values of a tree, and reports those of another type. */
import type { Reports } from "./reports";
import type { Entry, List, Mapping, Scalar, Tree } from "./tree";

/** The text of a value for a message: as it is written, so that no value of a variable is shown. */
export function quoteScalar({ written }: Scalar): string {
  const line = written.replace(/\p{Cc}/gu, " ");
  return `'${line.length > 80 ? `${line.slice(0, 80)}…` : line}'`;
}

/** The entry of a key; `undefined` if it is missing or has no value. */
export function entryOf(map: Mapping, key: string): Entry | undefined {
  const entry = map.entries.get(key);
  return entry === undefined || isEmpty(entry.value) ? undefined : entry;
}

/** A value that is written as nothing or `null`. */
export const isEmpty = (tree: Tree): boolean => tree.kind === "scalar" && tree.text === null;

/** A map; `undefined` and a problem for anything else. */
export function readMap(tree: Tree, what: string, reports: Reports): Mapping | undefined {
  return tree.kind === "map" ? tree : reports.problem(tree.at, `${what}: this must be a map.`);
}

/** A value with a text; `undefined` and a problem for anything else. */
export function readScalar(tree: Tree, what: string, reports: Reports): (Scalar & { text: string }) | undefined {
  if (tree.kind !== "scalar" || tree.text === null) return reports.problem(tree.at, `${what}: this must be a text.`);
  return { ...tree, text: tree.text };
}

/** The items of a list of texts, or one text. */
export function readTexts(tree: Tree, what: string, reports: Reports): (Scalar & { text: string })[] {
  const items = tree.kind === "list" ? tree.items : [tree];
  return items.flatMap((item) => readScalar(item, what, reports) ?? []);
}

/** `true` or `false`; `undefined` and a problem for anything else. */
export function readBoolean(tree: Tree, what: string, reports: Reports): boolean | undefined {
  const scalar = readScalar(tree, what, reports);
  if (scalar === undefined) return undefined;
  // As Compose, which casts texts by the rules of YAML 1.1.
  if (/^(?:true|y|yes|on)$/i.test(scalar.text)) return true;
  if (/^(?:false|n|no|off)$/i.test(scalar.text)) return false;
  return reports.problem(tree.at, `${what}: ${quoteScalar(scalar)} must be true or false.`);
}

/** A whole number in the range; `undefined` and a problem for anything else. */
export function readInteger(
  tree: Tree,
  what: string,
  [min, max]: readonly [number, number],
  reports: Reports,
): number | undefined {
  const scalar = readScalar(tree, what, reports);
  if (scalar === undefined) return undefined;
  const value = /^\d{1,15}$/.test(scalar.text) ? Number(scalar.text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return reports.problem(tree.at, `${what}: ${quoteScalar(scalar)} must be a whole number, ${min} to ${max}.`);
}

/**
 * A map of texts in either form of Compose: `NAME: value`, or a list of `NAME=value`. A name alone has the value `null`. Lists and maps as
 * values are problems, and so are numbers that Compose would write in another way.
 */
export function readPairs(tree: Tree, what: string, reports: Reports): ReadonlyMap<string, Scalar> {
  const mapping = toMapping(tree);
  const pairs = new Map<string, Scalar>();
  if (mapping === undefined) {
    reports.problem(tree.at, `${what}: this must be a map, or a list of NAME=value.`);
    return pairs;
  }
  for (const [name, { value }] of mapping.entries) {
    if (value.kind !== "scalar") reports.problem(value.at, `${what}: '${name}' must be a text.`);
    else if (value.isRewritten === true)
      reports.problem(
        value.at,
        `${what}: '${name}': ${quoteScalar(value)} needs quotes: without them it is a number, a date or a truth value, which Compose writes in another way.`,
      );
    else pairs.set(name, value);
  }
  return pairs;
}

/** A list of `NAME=value` or names as a map; a map as it is; `undefined` for anything else. */
export function toMapping(tree: Tree): Mapping | undefined {
  if (tree.kind === "map") return tree;
  if (isEmpty(tree)) return { kind: "map", at: tree.at, entries: new Map() };
  return tree.kind === "list" ? listToMapping(tree) : undefined;
}

function listToMapping({ at, items }: List): Mapping | undefined {
  const entries = new Map<string, Entry>();
  for (const item of items) {
    if (item.kind !== "scalar" || item.text === null) return undefined;
    const equals = item.text.indexOf("=");
    const name = equals < 0 ? item.text : item.text.slice(0, equals);
    const text = equals < 0 ? null : item.text.slice(equals + 1);
    entries.set(name, { at: item.at, value: { ...item, text } });
  }
  return { kind: "map", at, entries };
}
