/** Lists a folder of the host whose files are to be copied to a volume. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, fromSystemError } from "../../../base/errors";
import { isOneLine } from "./debugfs";

/** A file, folder or symbolic link of the host. */
export interface FolderEntry {
  /** Path inside the folder, with `/` between its parts. */
  readonly path: string;
  readonly type: "file" | "folder" | "link";
  /** Permission bits. */
  readonly mode: number;
  /** Of a file. */
  readonly sizeBytes: number;
  /** Where a symbolic link points, as it is written. */
  readonly target?: string;
}

/** The content of a folder, parents before their children. */
export interface FolderListing {
  readonly entries: readonly FolderEntry[];
  /** Paths of devices, sockets and pipes, which are not copied. */
  readonly skipped: readonly string[];
}

/** Most entries of one copy: their names stay in memory. */
const MAX_ENTRIES = 200_000;
/** Folder of e2fsck at the root of an ext4 file system. */
const LOST_AND_FOUND = "lost+found";

/** Throws `INPUT_INVALID` for a name with a line break and for too many files, and what a system call reports. */
export async function listFolder(folder: string): Promise<FolderListing> {
  const entries: FolderEntry[] = [];
  const skipped: string[] = [];
  const visit = async (inner: string): Promise<void> => {
    const names = (await fs.readdir(path.join(folder, inner))).sort();
    for (const name of names) {
      const relative = inner === "" ? name : `${inner}/${name}`;
      if (relative === LOST_AND_FOUND) continue;
      const entry = await describe(folder, relative);
      if (entry === undefined) skipped.push(relative);
      else entries.push(entry);
      if (entries.length > MAX_ENTRIES) throw tooMany(folder);
      if (entry?.type === "folder") await visit(relative);
    }
  };
  try {
    await visit("");
  } catch (error) {
    throw fromSystemError(error, `reading '${folder}'`);
  }
  return { entries, skipped };
}

async function describe(folder: string, relative: string): Promise<FolderEntry | undefined> {
  const file = path.join(folder, relative);
  const stats = await fs.lstat(file);
  const common = { path: relative, mode: stats.mode & 0o7777, sizeBytes: stats.isFile() ? stats.size : 0 };
  const target = stats.isSymbolicLink() ? await fs.readlink(file) : undefined;
  if (!isOneLine(relative) || !isOneLine(target ?? "")) {
    throw new UnikernelError("INPUT_INVALID", `The name ${JSON.stringify(relative)} contains a line break.`, {
      hint: "Rename the file, or leave it out.",
    });
  }
  if (target !== undefined) return { ...common, type: "link", target };
  if (stats.isDirectory()) return { ...common, type: "folder" };
  return stats.isFile() ? { ...common, type: "file" } : undefined;
}

const tooMany = (folder: string): UnikernelError =>
  new UnikernelError("INPUT_INVALID", `'${folder}' has more than ${MAX_ENTRIES} files.`, {
    hint: "Pack them into an archive that the instance unpacks, or use several volumes.",
  });
