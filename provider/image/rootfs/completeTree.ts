/** From the entries someone listed to the entries an archive needs. */
import { UnikernelError } from "../../base/errors";
import type { FileTree, TreeEntry } from "./tree";

/** Path and entry, in archive order. */
export type PathEntry = readonly [path: string, entry: TreeEntry];

/** Byte order of UTF-8, which unlike JavaScript's own order does not depend on UTF-16 surrogates. */
export const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Folders above a path, outermost first: `a`, `a/b` for `a/b/c`. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** True for a path as {@link FileTree} wants it: relative, no empty, `.` or `..` parts, no NUL. */
export const isTreePath = (path: string): boolean =>
  !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/**
 * All entries in byte order of their paths, so that a folder stands before its content, with missing folders added
 * (mode 0755). Throws `CONTEXT_INVALID` for a malformed path and for an entry below something that is no folder.
 */
export function completeTree(tree: FileTree): PathEntry[] {
  const complete = new Map<string, TreeEntry>(tree);
  for (const path of tree.keys()) {
    if (!isTreePath(path)) throw new UnikernelError("CONTEXT_INVALID", `'${path}' is not a path inside an image.`);
    for (const parent of ancestorsOf(path)) {
      const above = complete.get(parent);
      if (above === undefined) complete.set(parent, { type: "directory", mode: 0o755 });
      else if (above.type !== "directory") {
        throw new UnikernelError("CONTEXT_INVALID", `'/${path}' cannot be packed: '/${parent}' is a ${above.type}.`);
      }
    }
  }
  return [...complete].sort(([a], [b]) => compareBytes(a, b));
}
