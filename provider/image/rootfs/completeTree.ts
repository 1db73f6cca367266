/** Turns a file tree into the complete, ordered list of entries that an archive needs. */
import { UnikernelError } from "../../base/errors";
import type { FileTree, TreeEntry } from "./tree";

/** A path and its entry. */
export type PathEntry = readonly [path: string, entry: TreeEntry];

/** Orders UTF-16 code units like the code points they belong to: surrogates (above U+FFFF) come after U+E000 to U+FFFF. */
const rankOf = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

/** Compares by UTF-8 bytes, which is the order of code points; JavaScript's own order compares UTF-16 units. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

/** Sorts names or paths in place by UTF-8 bytes. */
export function sortByBytes(names: string[]): string[] {
  // The order of the language is several times as fast, and right if no name has characters above U+FFFF.
  return names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(compareBytes) : names.sort();
}

/** The folder of a path, "" for the root. */
export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));

/** True for a valid path of a {@link FileTree}: relative, no empty, `.` or `..` parts, no NUL. */
export const isTreePath = (path: string): boolean => !/(?:^|\/)(?:\.{0,2})(?:\/|$)|\0/.test(path);

/** The rows of trees, which do not change: a build needs them to validate, to hash and to pack. */
const known = new WeakMap<FileTree, readonly PathEntry[]>();

/**
 * All entries in byte order of their paths, so that a folder precedes its content. Missing folders are added with mode
 * 0755. Throws `CONTEXT_INVALID` for an invalid path and for an entry whose parent is not a folder.
 */
export function completeTree(tree: FileTree): readonly PathEntry[] {
  let rows = known.get(tree);
  if (rows === undefined) known.set(tree, (rows = sortRows(tree, findMissingFolders(tree))));
  return rows;
}

/** Folders that only the paths of other entries imply. Throws as {@link completeTree}. */
function findMissingFolders(tree: FileTree): ReadonlyMap<string, TreeEntry> {
  const missing = new Map<string, TreeEntry>();
  let checked = "";
  for (const path of tree.keys()) {
    if (!isTreePath(path)) throw new UnikernelError("CONTEXT_INVALID", `'${path}' is not a path inside an image.`);
    // Most entries are in the folder of the entry before.
    if (Math.max(path.lastIndexOf("/"), 0) === checked.length && path.startsWith(checked)) continue;
    checked = parentOf(path);
    for (let parent = checked; parent !== ""; parent = parentOf(parent)) {
      const entry = tree.get(parent) ?? missing.get(parent);
      if (entry === undefined) missing.set(parent, { type: "directory", mode: 0o755 });
      else if (entry.type !== "directory")
        throw new UnikernelError("CONTEXT_INVALID", `'/${path}' cannot be packed: '/${parent}' is a ${entry.type}.`);
      else break; // its own parents are checked with it, or were added above
    }
  }
  return missing;
}

function sortRows(tree: FileTree, missing: ReadonlyMap<string, TreeEntry>): readonly PathEntry[] {
  const rows: PathEntry[] = [];
  for (const path of sortByBytes([...tree.keys(), ...missing.keys()])) {
    const entry = tree.get(path) ?? missing.get(path);
    if (entry !== undefined) rows.push([path, entry]);
  }
  return rows;
}
