/** What stands for the content of a tree in hashes. */
import type { Digest } from "../../base/digest";
import { type FileDigests, digestContents } from "../pack/fileDigests";
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
 * `digestContents`.
 *
 * @param identifyContent what stands for the content of a file; default: its digest
 */
export async function identifyTree(
  tree: FileTree,
  { digests, signal }: IdentifyOptions,
  identifyContent: (path: string, entry: TreeEntry, digest: Digest) => string = (_path, _entry, digest) => digest,
): Promise<TreeRow[]> {
  const entries = completeTree(tree);
  const files = entries.flatMap(([name, entry]) =>
    entry.type === "file" ? [{ name, entry, content: entry.content }] : [],
  );
  const contents = await digestContents(files, digests, signal);
  const identities = files
    .map(({ name, entry }, index) => identifyContent(name, entry, contents[index] as Digest))
    .values();
  return entries.map(([name, entry]): TreeRow => {
    const { type, uid = 0, gid = 0 } = entry;
    if (type === "directory") return [name, type, entry.mode, uid, gid];
    if (type === "symlink") return [name, type, entry.target, uid, gid];
    return [name, type, entry.mode, uid, gid, identities.next().value];
  });
}
