/**
 * Merges a service with the one that it extends, and a file with one that changes it. Pure. Source: Compose specification, "extends" and
 * "merge", and compose-go `override/merge.go`.
 */
import { isEmpty, toMapping } from "../tree/readers";
import type { Entry, List, Mapping, Tree } from "../tree/tree";

/** Written as a list of `NAME=value` or as a map. */
const PAIRS = new Set([
  "environment",
  "labels",
  "annotations",
  "args",
  "depends_on",
  "networks",
  "driver_opts",
  "sysctls",
]);
/** Written as one text or as a list; both add up. */
const TEXTS = new Set(["env_file", "dns", "dns_search", "tmpfs"]);
/** The later one replaces the earlier one as a whole. */
const REPLACED = new Set(["command", "entrypoint", "test"]);

/** The map with what it does not say itself from `base`. Maps are merged, lists are joined, the rest is replaced. */
export function mergeMaps(base: Mapping, own: Mapping): Mapping {
  const entries = new Map(base.entries);
  for (const [key, entry] of own.entries) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? entry : mergeEntry(key, before, entry));
  }
  return { kind: "map", at: own.at, entries };
}

function mergeEntry(key: string, { value: before }: Entry, entry: Entry): Entry {
  const own = entry.value;
  if (REPLACED.has(key)) return entry;
  if (isEmpty(own)) return { ...entry, value: before };
  if (PAIRS.has(key)) {
    const [first, second] = [toMapping(before), toMapping(own)];
    return first === undefined || second === undefined ? entry : { ...entry, value: mergeMaps(first, second) };
  }
  if (key === "build") return { ...entry, value: mergeMaps(buildMap(before), buildMap(own)) };
  const [first, second] = TEXTS.has(key) ? [asList(before), asList(own)] : [before, own];
  if (first.kind === "map" && second.kind === "map") return { ...entry, value: mergeMaps(first, second) };
  if (first.kind === "list" && second.kind === "list")
    return { ...entry, value: { ...second, items: [...first.items, ...second.items] } };
  return entry;
}

const asList = (tree: Tree): List => (tree.kind === "list" ? tree : { kind: "list", at: tree.at, items: [tree] });

/** `build: ./folder` is `build: {context: ./folder}`. */
export const buildMap = (tree: Tree): Mapping =>
  tree.kind === "map"
    ? tree
    : { kind: "map", at: tree.at, entries: new Map([["context", { at: tree.at, value: tree }]]) };
