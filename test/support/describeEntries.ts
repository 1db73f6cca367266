/** A tree in a form that can be compared, whatever its contents are stored in. */
import { digestContents } from "../../provider/image/pack/digestContents";
import { FileDigests } from "../../provider/image/pack/fileDigests";
import { completeTree } from "../../provider/image/rootfs/completeTree";
import type { FileTree } from "../../provider/image/rootfs/tree";

/** Paths, modes, owners, links and digests of contents. */
export async function describeEntries(tree: FileTree): Promise<unknown[]> {
  const rows = completeTree(tree);
  const files = rows.flatMap(([name, entry]) => (entry.type === "file" ? [{ name, content: entry.content }] : []));
  const digests = (await digestContents(files, new FileDigests())).values();
  const firstNames = new Map<unknown, string>();
  return rows.map(([name, entry]) => {
    const { uid = 0, gid = 0 } = entry;
    if (entry.type !== "file") return [name, { ...entry, uid, gid }];
    if (!firstNames.has(entry)) firstNames.set(entry, name);
    return [name, entry.mode, uid, gid, digests.next().value, firstNames.get(entry)];
  });
}
