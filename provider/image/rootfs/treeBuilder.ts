/** Builds a file tree step by step, with paths resolved the way a kernel resolves them inside the tree. */
import { isTreePath } from "./completeTree";
import type { FileTree, TreeEntry } from "./tree";

/** Links followed in one path before it counts as a loop. Source: path_resolution(7). */
const MAX_LINKS = 40;

interface Node {
  /** `undefined` for a folder that is only implied by what is below it. */
  entry: TreeEntry | undefined;
  children: Map<string, Node> | undefined;
}

/** A place in the tree: a name in a folder that exists or can be created. */
export interface Location {
  /** Path without symbolic links in its folders; "" for the root. */
  readonly path: string;
  /** What is there; `undefined` for nothing, and for a folder that is only implied. */
  readonly entry: TreeEntry | undefined;
  readonly isDirectory: boolean;
}

/** Thrown for a path that has no place in the tree. */
export class TreePathError extends Error {
  override readonly name = "TreePathError";
}

const isDirectoryNode = (node: Node): boolean => node.entry === undefined || node.entry.type === "directory";

/**
 * A tree that changes. Every path is resolved inside the tree: symbolic links in its folders are followed, absolute
 * targets start at the tree's root, and `..` at the root stays there. So no path leads out of the tree.
 */
export class TreeBuilder {
  readonly #root: Node = { entry: undefined, children: undefined };

  constructor(tree: FileTree = new Map()) {
    for (const [path, entry] of tree) this.#insert(path, entry);
  }

  /**
   * Finds the place of `path`; its last part is not followed. Throws {@link TreePathError} when a folder of the path is a
   * file, or when links form a loop.
   */
  locate(path: string): Location {
    const found = this.#resolve(path, false);
    const node = this.#nodeAt(found);
    return {
      path: found.join("/"),
      entry: node?.entry,
      isDirectory: node !== undefined && isDirectoryNode(node),
    };
  }

  /** As {@link locate}, but follows the last part too. */
  follow(path: string): Location {
    return this.locate(this.#resolve(path, true).join("/"));
  }

  /**
   * Puts an entry at `path` and returns the path it has in the tree. A directory keeps what is in it when it meets a directory;
   * any other meeting replaces what was there. Missing folders are implied. Throws as {@link locate}.
   */
  set(path: string, entry: TreeEntry): string {
    const { path: place } = this.locate(path);
    if (place !== "") this.#insert(place, entry);
    return place;
  }

  /** Removes what is at `path`, if anything, with everything below it. Throws as {@link locate}. */
  remove(path: string): void {
    const parts = this.#resolve(path, false);
    const name = parts.pop();
    if (name !== undefined) this.#nodeAt(parts)?.children?.delete(name);
  }

  /** Removes everything in the directory at `path`. Throws as {@link locate}. */
  clear(path: string): void {
    const node = this.#nodeAt(this.#resolve(path, true));
    if (node !== undefined) node.children = undefined;
  }

  /** The tree. Folders that are only implied get mode 0755 if they are empty; others are left to the writers. */
  toTree(): FileTree {
    const tree = new Map<string, TreeEntry>();
    const pending: [string, Node][] = [["", this.#root]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [path, node] = next;
      if (path !== "" && node.entry !== undefined) tree.set(path, node.entry);
      else if (path !== "" && (node.children?.size ?? 0) === 0) tree.set(path, { type: "directory", mode: 0o755 });
      for (const [name, child] of [...(node.children ?? [])].reverse())
        pending.push([path === "" ? name : `${path}/${name}`, child]);
    }
    return tree;
  }

  #nodeAt(parts: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of parts) node = node?.children?.get(part);
    return node;
  }

  #insert(path: string, entry: TreeEntry): void {
    if (!isTreePath(path)) throw new TreePathError(`'${path}' is not a path inside an image`);
    let node = this.#root;
    for (const part of path.split("/")) {
      if (!isDirectoryNode(node)) node.entry = undefined;
      node.children ??= new Map();
      let child = node.children.get(part);
      if (child === undefined) node.children.set(part, (child = { entry: undefined, children: undefined }));
      node = child;
    }
    node.entry = entry;
    if (entry.type !== "directory") node.children = undefined;
  }

  /** The parts of the resolved path; parts that do not exist are taken as folders to be created. */
  #resolve(path: string, followLast: boolean): string[] {
    const pending = path.split("/").reverse();
    const nodes: Node[] = [this.#root];
    const names: string[] = [];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        names.pop();
        if (nodes.length > 1) nodes.pop();
        continue;
      }
      const here = nodes.at(-1);
      if (here !== undefined && !isDirectoryNode(here)) {
        throw new TreePathError(`'/${names.join("/")}' is a ${here.entry?.type}, not a directory`);
      }
      const node = here?.children?.get(part);
      if (node?.entry?.type === "symlink" && (followLast || pending.some((rest) => rest !== ""))) {
        if (++links > MAX_LINKS)
          throw new TreePathError(`the symbolic links at '/${[...names, part].join("/")}' form a loop`);
        if (node.entry.target.startsWith("/")) {
          names.length = 0;
          nodes.length = 1;
        }
        pending.push(...node.entry.target.split("/").reverse());
        continue;
      }
      names.push(part);
      nodes.push(node ?? { entry: undefined, children: undefined });
    }
    return names;
  }
}
