/** The commands of debugfs that copy files of the host to a file system. Pure. */
import * as path from "node:path";
import { UnikernelError } from "../../../base/errors";
import { quoteWord } from "./debugfs";
import type { DiskEntry } from "./listDisk";
import type { FolderEntry } from "./listFolder";

/** File types in the mode of an inode. Source: inode(7). */
const TYPE_BITS = { file: 0o100000, folder: 0o040000 } as const;

/** What a file system has at each path below its root. */
export type PresentEntries = ReadonlyMap<string, DiskEntry["type"]>;

/**
 * Copies the entries of `folder` to the root of the file system. All belong to root there, as debugfs creates them, and keep their
 * permissions. A file or link replaces one of the same name; a folder is merged into one that exists.
 *
 * `write` and `symlink` take a name, not a path, so each command runs in the entry's folder. `mkdir` must not find its name taken: it would
 * leave a used inode without a name.
 *
 * Throws `INPUT_INVALID` for a file in place of a folder, and the other way round.
 */
export function importCommands(folder: string, entries: readonly FolderEntry[], present: PresentEntries): string[] {
  let current = "";
  return entries.flatMap((entry) => {
    const parent = path.posix.dirname(`/${entry.path}`);
    const enter = parent === current ? [] : [`cd ${quoteWord(parent)}`];
    current = parent;
    return [...enter, ...commandsFor(folder, entry, present.get(entry.path))];
  });
}

function commandsFor(folder: string, entry: FolderEntry, present: DiskEntry["type"] | undefined): string[] {
  if (present !== undefined && (present === "folder") !== (entry.type === "folder")) {
    throw new UnikernelError(
      "INPUT_INVALID",
      `'/${entry.path}' is a ${present} in the volume, and a ${entry.type} here.`,
      {
        hint: "Rename it, or remove the other one first.",
      },
    );
  }
  const name = quoteWord(path.posix.basename(entry.path));
  const remove = present === undefined ? [] : [`rm ${name}`];
  if (entry.type === "folder") {
    return [...(present === undefined ? [`mkdir ${name}`] : []), setMode(name, TYPE_BITS.folder | entry.mode)];
  }
  if (entry.type === "link") return [...remove, `symlink ${name} ${quoteWord(entry.target ?? "")}`];
  const source = quoteWord(path.join(folder, entry.path));
  return [...remove, `write ${source} ${name}`, setMode(name, TYPE_BITS.file | entry.mode)];
}

const setMode = (name: string, mode: number): string => `set_inode_field ${name} mode 0${mode.toString(8)}`;

/** True if a line of debugfs says that the file system is full. */
export const saysFull = (line: string): boolean => /Could not allocate (block|inode)|No free space/.test(line);
