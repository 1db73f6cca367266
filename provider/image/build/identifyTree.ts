/** What stands for the content of a tree in hashes. */
import type { Digest } from "../../base/digest";
import { ContentHasher } from "../pack/digestContents";
import type { FileDigests } from "../pack/fileDigests";
import { completeTree } from "../rootfs/completeTree";
import type { FileTree, TreeEntry } from "../rootfs/tree";
import type { TreeRow } from "./imageParts";

/** How to read contents. */
export interface IdentifyOptions {
  /** Known digests of files, which are not read again; new ones are added. */
  readonly digests: FileDigests;
  readonly signal: AbortSignal | undefined;
}

/**
 * Path, type, mode, owner, and content or link target of each entry; hard links count as files of their own. Throws as
 * {@link ContentHasher.read}.
 *
 * @param identifyContent what stands for the content of a file; default: its digest
 */
export async function identifyTree(
  tree: FileTree,
  { digests, signal }: IdentifyOptions,
  identifyContent: (path: string, entry: TreeEntry, digest: Digest) => string = (_path, _entry, digest) => digest,
): Promise<TreeRow[]> {
  using hasher = new ContentHasher(digests, signal);
  const rows: TreeRow[] = [];
  for (const [name, entry] of completeTree(tree)) {
    const { type, uid = 0, gid = 0 } = entry;
    if (type === "directory") rows.push([name, type, entry.mode, uid, gid]);
    else if (type === "symlink") rows.push([name, type, entry.target, uid, gid]);
    else {
      const digest = hasher.known(entry.content) ?? (await hasher.read(name, entry.content));
      rows.push([name, type, entry.mode, uid, gid, identifyContent(name, entry, digest)]);
    }
  }
  return rows;
}
