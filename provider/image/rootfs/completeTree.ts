/** Turns a file tree into the complete, ordered list of entries that an archive needs. */
import { UnikernelError } from "../../base/errors";
import type { FileTree, TreeEntry } from "./tree";

/** A path and its entry. */
export type PathEntry = readonly [path: string, entry: TreeEntry];

/** Compares by UTF-8 bytes; JavaScript's own order compares UTF-16 units, which sorts surrogates differently. */
export const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Parent folders of a path, outermost first: `a`, `a/b` for `a/b/c`. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** True for a valid path of a {@link FileTree}: relative, no empty, `.` or `..` parts, no NUL. */
export const isTreePath = (path: string): boolean =>
  !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/**
 * All entries in byte order of their paths, so that a folder precedes its content. Missing folders are added with mode
 * 0755. Throws `CONTEXT_INVALID` for an invalid path and for an entry whose parent is not a folder.
 */
export function completeTree(tree: FileTree): PathEntry[] {
  const complete = new Map<string, TreeEntry>(tree);
  for (const path of tree.keys()) {
    if (!isTreePath(path)) throw new UnikernelError("CONTEXT_INVALID", `'${path}' is not a path inside an image.`);
    for (const parent of ancestorsOf(path)) {
      const parentEntry = complete.get(parent);
      if (parentEntry === undefined) complete.set(parent, { type: "directory", mode: 0o755 });
      else if (parentEntry.type !== "directory") {
        throw new UnikernelError(
          "CONTEXT_INVALID",
          `'/${path}' cannot be packed: '/${parent}' is a ${parentEntry.type}.`,
        );
      }
    }
  }
  return [...complete].sort(([a], [b]) => compareBytes(a, b));
}
