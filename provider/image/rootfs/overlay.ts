/** Overlays files or a whole tree on another tree. Pure. */
import { posix } from "node:path";
import { UnikernelError } from "../../base/errors";
import { compareBytes, isTreePath, parentOf } from "./completeTree";
import type { FileTree, TreeEntry } from "./tree";
import { type Location, TreeBuilder, TreePathError } from "./treeBuilder";

/**
 * Overlays files, by absolute guest path, on a tree. Folders of a path may be symbolic links of the tree, which are followed as the
 * guest would. A file or link of the same path is replaced. Throws `CONTEXT_INVALID` that lists all invalid paths: relative ones,
 * ones with `.`, `..` or empty parts, the path of a directory, one below a file, and one that another file has through a link. The
 * error never contains file contents.
 */
export function overlayFiles(tree: FileTree, files: ReadonlyMap<string, TreeEntry>): FileTree {
  if (files.size === 0) return tree;
  const builder = new TreeBuilder(tree);
  const problems: string[] = [];
  const given = new Set<TreeEntry>(files.values());
  for (const [path, entry] of files) {
    if (!path.startsWith("/") || !isTreePath(path.slice(1))) {
      problems.push(`'${path}' in 'files' must be an absolute path without '.', '..' or empty parts.`);
      continue;
    }
    const place = locate(builder, path, problems);
    if (place === undefined) continue;
    if (place.isDirectory) problems.push(`'${path}' cannot be a file: a directory has that path.`);
    else if (place.entry !== undefined && given.has(place.entry))
      problems.push(`'${path}' is '/${place.path}' through a symbolic link, and 'files' has that path too.`);
    else builder.set(place.path, entry);
  }
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "files" });
  return builder.toTree();
}

/**
 * Adds the entries of `base` that `top` does not have. Directories are merged and keep the mode of `top`. Where `top` has a
 * symbolic link in place of a directory (`/bin -> usr/bin`), the files of that directory go where the link leads; relative
 * links among them become absolute, so that they lead where they did.
 *
 * Throws `CONTEXT_INVALID` that lists all paths that are a directory in only one of the two trees.
 */
export function overlayTree(base: FileTree, top: FileTree): FileTree {
  const builder = new TreeBuilder(top);
  const problems: string[] = [];
  for (const [path, entry] of [...base].sort(([a], [b]) => compareBytes(a, b))) {
    const place = locate(builder, path, problems);
    if (place === undefined) continue;
    if (entry.type === "directory") addDirectory(builder, path, entry, problems);
    else if (place.isDirectory) {
      problems.push(`'/${path}' cannot be a directory: a ${entry.type} of the runtime has that path.`);
    } else if (place.entry === undefined) builder.set(place.path, relocate(entry, path, place.path));
  }
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "context" });
  return builder.toTree();
}

/** The place of a path, or `undefined` with one more problem. */
function locate(builder: TreeBuilder, path: string, problems: string[]): Location | undefined {
  try {
    return builder.locate(path);
  } catch (error) {
    if (!(error instanceof TreePathError)) throw error;
    problems.push(`'/${path.replace(/^\//, "")}' cannot be placed: ${error.message}.`);
    return undefined;
  }
}

function addDirectory(builder: TreeBuilder, path: string, entry: TreeEntry, problems: string[]): void {
  let place: Location;
  try {
    place = builder.follow(path);
  } catch (error) {
    if (!(error instanceof TreePathError)) throw error;
    problems.push(`'/${path}' cannot be placed: ${error.message}.`);
    return;
  }
  if (place.entry !== undefined && !place.isDirectory)
    problems.push(`'/${path}' cannot be a ${place.entry.type}: a directory of the runtime has that path.`);
  else if (place.entry === undefined && place.path !== "") builder.set(place.path, entry);
}

/** The entry for its new place: a relative target is made absolute, since it would lead elsewhere from there. */
function relocate(entry: TreeEntry, from: string, to: string): TreeEntry {
  if (entry.type !== "symlink" || entry.target.startsWith("/") || parentOf(from) === parentOf(to)) return entry;
  return { ...entry, target: posix.join("/", parentOf(from), entry.target) };
}
