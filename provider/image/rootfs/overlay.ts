/** Overlays files or a whole tree on another tree. Pure. */
import { UnikernelError } from "../../base/errors";
import { isTreePath, ancestorsOf } from "./completeTree";
import type { FileTree, TreeEntry } from "./tree";

/**
 * Overlays `files` on a tree: absolute guest path → content, written as UTF-8 with mode 0644. A file or link of the same
 * path is replaced. Throws `CONTEXT_INVALID` that lists all invalid paths: relative ones, ones with `.`, `..` or empty
 * parts, the path of a directory, and one below a file or a symbolic link. The error never contains file contents.
 */
export function overlayFiles(tree: FileTree, files: Readonly<Record<string, string>>): FileTree {
  const top = new Map<string, TreeEntry>();
  const problems: string[] = [];
  for (const [path, content] of Object.entries(files)) {
    if (path.startsWith("/") && isTreePath(path.slice(1))) {
      top.set(path.slice(1), { type: "file", mode: 0o644, content: { bytes: Buffer.from(content) } });
    } else {
      problems.push(`'${path}' in 'files' must be an absolute path without '.', '..' or empty parts.`);
    }
  }
  const merged = mergeTrees(tree, top, problems);
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "files" });
  return merged;
}

/**
 * Overlays `top` on `base`, entry by entry; directories are merged and take the mode of `top`. Throws `CONTEXT_INVALID`
 * that lists all paths that are a directory in only one of the two trees.
 */
export function overlayTree(base: FileTree, top: FileTree): FileTree {
  const problems: string[] = [];
  const merged = mergeTrees(base, top, problems);
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "context" });
  return merged;
}

function mergeTrees(base: FileTree, top: FileTree, problems: string[]): FileTree {
  const merged = new Map(base);
  for (const [path, entry] of top) merged.set(path, entry);
  const isFolder = (entry: TreeEntry | undefined): boolean => entry?.type === "directory";
  const folders = new Set([...directoriesOf(base), ...directoriesOf(top)]);
  for (const [path, entry] of top) {
    if (!isFolder(entry) && folders.has(path)) {
      problems.push(`'/${path}' cannot be a ${entry.type}: a directory has that path.`);
    }
    const baseEntry = base.get(path);
    if (isFolder(entry) && baseEntry !== undefined && !isFolder(baseEntry)) {
      problems.push(`'/${path}' cannot be a directory: a ${baseEntry.type} has that path.`);
    }
    const obstacle = ancestorsOf(path).find((parent) => merged.has(parent) && !isFolder(merged.get(parent)));
    if (obstacle !== undefined) {
      problems.push(`'/${path}' cannot be placed: '/${obstacle}' is a ${merged.get(obstacle)?.type}, not a directory.`);
    }
  }
  return merged;
}

/** Paths of all directories, including those implied by the paths below them. */
function directoriesOf(tree: FileTree): Set<string> {
  const folders = new Set<string>();
  for (const [path, entry] of tree) {
    for (const parent of ancestorsOf(path)) folders.add(parent);
    if (entry.type === "directory") folders.add(path);
  }
  return folders;
}
