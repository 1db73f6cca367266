/** Copies the files of a volume to a folder of the host. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fromSystemError } from "../../../base/errors";
import { MIB, assertFreeSpace } from "../diskSpace";
import { checkFileSystem, copySparse } from "../diskTools";
import { quoteWord, runDebugfs } from "./debugfs";
import { type DiskEntry, parseShortTarget, splitOutput } from "./listDisk";
import { type PlacedEntry, damaged, readTree } from "./readTree";

/** Permission bits that a copy keeps: never set-user-id, which would run a guest's program with the rights of the host's user. */
const KEPT_MODE = 0o777;

/** What an export copied. */
export interface ExportResult {
  readonly entries: number;
  /** Paths of devices, sockets and pipes, which are not copied. */
  readonly skipped: readonly string[];
}

/**
 * Copies all files of a disk that nobody writes to into `folder`, which must be empty. The guest wrote the file system, so no name in it
 * leads out of `folder`, and links are created last and never followed. Files belong to the user of the daemon.
 *
 * Throws `OPERATION_FAILED` (the file system is damaged or has a name that the host cannot have), `NO_SPACE`.
 */
export async function exportFiles(disk: string, folder: string, signal: AbortSignal): Promise<ExportResult> {
  const source = `${disk}.export`;
  try {
    await copySparse(disk, source, signal);
    await checkFileSystem(source);
    const placed = await readTree(source, signal);
    const ofType = (type: DiskEntry["type"]): PlacedEntry[] => placed.filter((entry) => entry.type === type);
    const sizeBytes = ofType("file").reduce((sum, entry) => sum + entry.sizeBytes, 0);
    await assertFreeSpace(path.join(folder, "file"), Math.ceil(sizeBytes / MIB));
    for (const entry of ofType("folder")) await fs.mkdir(path.join(folder, entry.path), { mode: 0o700 });
    await dump(
      source,
      ofType("file").map((entry) => [entry.inode, path.join(folder, entry.path)]),
      signal,
    );
    const files = [...ofType("file"), ...ofType("folder").reverse()];
    for (const entry of files) await fs.chmod(path.join(folder, entry.path), entry.mode & KEPT_MODE);
    await createLinks(source, folder, ofType("link"), signal);
    const skipped = ofType("other").map((entry) => entry.path);
    return { entries: placed.length - skipped.length, skipped };
  } catch (error) {
    throw fromSystemError(error, "copying the files of a volume");
  } finally {
    await fs.rm(source, { force: true });
  }
}

async function dump(disk: string, files: readonly (readonly [number, string])[], signal: AbortSignal): Promise<void> {
  if (files.length === 0) return;
  const commands = files.map(([inode, file]) => `dump <${inode}> ${quoteWord(file)}`);
  const { failures } = await runDebugfs(disk, commands, "read", signal);
  if (failures[0] !== undefined) throw damaged(failures[0]);
}

async function createLinks(
  disk: string,
  folder: string,
  links: readonly PlacedEntry[],
  signal: AbortSignal,
): Promise<void> {
  if (links.length === 0) return;
  const { output } = await runDebugfs(
    disk,
    links.map(({ inode }) => `stat <${inode}>`),
    "read",
    signal,
  );
  const outputs = splitOutput(output);
  if (outputs.length !== links.length) throw damaged("a symbolic link cannot be read");
  for (const [index, link] of links.entries()) {
    const file = path.join(folder, link.path);
    const target = parseShortTarget(outputs[index] ?? "") ?? (await readLongTarget(disk, link.inode, file, signal));
    await fs.symlink(target, file);
  }
}

/** The target of a long symbolic link is its content. */
async function readLongTarget(disk: string, inode: number, file: string, signal: AbortSignal): Promise<string> {
  try {
    await dump(disk, [[inode, file]], signal);
    return await fs.readFile(file, "utf8");
  } finally {
    await fs.rm(file, { force: true });
  }
}
