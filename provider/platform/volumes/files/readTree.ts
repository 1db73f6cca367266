/** Reads all names in a volume's file system. */
import { UnikernelError } from "../../../base/errors";
import { runDebugfs } from "./debugfs";
import { type DiskEntry, parseDirectory, splitOutput } from "./listDisk";

/** Inode of the root of an ext4 file system. Source: Linux, Documentation/filesystems/ext4/special_inodes.rst. */
const ROOT_INODE = 2;
/** Folder of e2fsck at the root of an ext4 file system. */
const LOST_AND_FOUND = "lost+found";
/** An entry and its path below the root. */
export interface PlacedEntry extends DiskEntry {
  readonly path: string;
}

/**
 * All entries, folders before their content. Reads one level of the tree at a time.
 *
 * Throws `OPERATION_FAILED` if the file system is damaged or has a name that the host cannot have.
 */
export async function readTree(disk: string, signal: AbortSignal): Promise<readonly PlacedEntry[]> {
  const all: PlacedEntry[] = [];
  const seen = new Set([ROOT_INODE]);
  for (let level = [{ inode: ROOT_INODE, path: "" }]; level.length > 0;) {
    const commands = level.map(({ inode }) => `ls -p <${inode}>`);
    const { output, failures } = await runDebugfs(disk, commands, "read", signal);
    const outputs = splitOutput(output);
    if (failures[0] !== undefined || outputs.length !== level.length) throw damaged(failures[0]);
    const found = level.flatMap((parent, index) => place(parent.path, outputs[index] ?? ""));
    all.push(...found);
    level = found.filter(({ type }) => type === "folder");
    for (const { inode, path: where } of level) {
      if (seen.has(inode)) throw damaged(`'${where}' is in two folders`);
      seen.add(inode);
    }
  }
  return all;
}

function place(parent: string, output: string): PlacedEntry[] {
  const listing = parseDirectory(output);
  if ("problem" in listing) {
    throw new UnikernelError("OPERATION_FAILED", `The folder '/${parent}' of the volume ${listing.problem}.`, {
      hint: "Copy the files from within an instance that mounts the volume.",
    });
  }
  return listing.entries
    .map((entry) => ({ ...entry, path: parent === "" ? entry.name : `${parent}/${entry.name}` }))
    .filter((entry) => entry.path !== LOST_AND_FOUND);
}

/** The error of a file system that debugfs cannot read. */
export const damaged = (detail = "debugfs printed less than expected"): UnikernelError =>
  new UnikernelError("OPERATION_FAILED", `The volume's files cannot be read: ${detail.trim()}.`);
