/** Finds a path in a file tree as a kernel does. */
import type { FileTree } from "../../rootfs/tree";
import type { Lookup } from "./guestCommand";
import { toAbsolute } from "./imageConfig";

/** Source: Linux, path_resolution(7): more links than this are a loop. */
const MAX_LINKS = 40;

/** Looks paths up in a tree; follows links, which may be those of folders, such as `/bin -> usr/bin`. */
export function lookupInTree(tree: FileTree): Lookup {
  return (path) => {
    let links = 0;
    let current = "/";
    let rest = path.split("/");
    while (rest.length > 0) {
      const [part = "", ...next] = rest;
      rest = next;
      const candidate = toAbsolute(part, current);
      const entry = tree.get(candidate.slice(1));
      if (entry?.type === "symlink") {
        links += 1;
        if (links > MAX_LINKS) return undefined;
        if (entry.target.startsWith("/")) current = "/";
        rest = [...entry.target.split("/"), ...rest];
      } else {
        if (entry !== undefined && entry.type !== "directory" && rest.some((name) => name !== "")) return undefined;
        current = candidate;
      }
    }
    if (current === "/") return { isExecutable: false };
    const entry = tree.get(current.slice(1));
    if (entry === undefined || entry.type === "symlink") return undefined;
    return { isExecutable: entry.type === "file" && (entry.mode & 0o111) !== 0 };
  };
}
