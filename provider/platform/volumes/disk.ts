/**
 * The disk of a volume: a sparse file with an ext4 file system. Nothing is mounted on the host, so no root is needed. A volume for several
 * writers has a folder and no disk.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromSystemError } from "../../base/errors";
import { fileExists } from "../../base/files";
import type { LocalPaths } from "../../base/localPaths";
import { findProcessesByArgument } from "../processes";
import { shareFolderOf } from "../vmm/vmm";
import { assertFreeSpace, MIB, syncToDisk } from "./diskSpace";
import { checkFileSystem, copyFolder, copySparse, e2fsTool, runTool } from "./diskTools";

/** Interval at which {@link waitUntilUnused} looks for tools. */
const TOOL_POLL_INTERVAL_MS = 50;

/** Path of a volume's disk. */
export const volumeDiskPath = (paths: Pick<LocalPaths, "volumesDir">, uuid: string): string =>
  path.join(paths.volumesDir, `${uuid}.ext4`);

/** Creates a disk of `sizeMb` MiB. Leaves no file behind on failure. Throws `OPERATION_FAILED`, `NO_SPACE`. */
export async function makeDisk(file: string, sizeMb: number): Promise<void> {
  const mkfs = e2fsTool("mkfs.ext4");
  await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await assertFreeSpace(file, sizeMb);
  try {
    await resizeFile(file, sizeMb, "wx");
    // Write the inode tables now; otherwise the guest's kernel writes them in the background after the first mount.
    await runTool(
      mkfs,
      ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", file],
      `Creating the file system of a volume of ${sizeMb} MiB`,
    );
    await syncToDisk(file);
  } catch (error) {
    await fs.rm(file, { force: true });
    throw fromSystemError(error, `creating a volume of ${sizeMb} MiB`);
  }
}

/** Creates the folder (0700) of a volume without a disk, whose path would be `file`. Throws file system errors. */
export async function makeFolder(file: string): Promise<void> {
  try {
    await fs.mkdir(shareFolderOf(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fromSystemError(error, "creating a volume for several writers");
  }
}

/**
 * Grows a disk that no VM uses. Can be repeated after an interruption. A disk that is already larger (an earlier growth
 * was not recorded) keeps its size: truncating it would damage the file system.
 *
 * Throws `OPERATION_FAILED`, `NO_SPACE`.
 */
export async function growDisk(file: string, sizeMb: number): Promise<void> {
  const resize2fs = e2fsTool("resize2fs");
  const currentMb = Math.floor((await fs.stat(file)).size / MIB);
  await assertFreeSpace(file, sizeMb - currentMb);
  try {
    if (sizeMb > currentMb) await resizeFile(file, sizeMb, "r+");
    await checkFileSystem(file);
    await runTool(resize2fs, [file], "Growing the volume's file system");
    await syncToDisk(file);
  } catch (error) {
    throw fromSystemError(error, `growing a volume to ${sizeMb} MiB`);
  }
}

/**
 * Copies a disk that nobody writes to, as sparse as its source, and gives the copy's file system a new UUID; also the folder that it has, or
 * has instead. Leaves no file behind on failure. Throws `OPERATION_FAILED`, `NO_SPACE`; also when the signal aborts.
 */
export async function copyDisk(source: string, target: string, signal: AbortSignal): Promise<void> {
  try {
    if (await fileExists(source)) await copyFileSystem(source, target, signal);
    await copyFolder(shareFolderOf(source), shareFolderOf(target), signal);
  } catch (error) {
    await removeDisk(target);
    throw fromSystemError(error, "copying a volume's disk");
  }
}

async function copyFileSystem(source: string, target: string, signal: AbortSignal): Promise<void> {
  await assertFreeSpace(target, Math.ceil((await fs.stat(source)).size / MIB));
  await copySparse(source, target, signal);
  // tune2fs rejects a file system whose journal needs recovery, as after a guest that did not unmount it.
  await checkFileSystem(target);
  await runTool(e2fsTool("tune2fs"), ["-U", "random", target], "Setting the UUID of a volume's file system");
  await syncToDisk(target);
}

/** Deletes a disk and the folder that it may have. Throws file system errors. */
export async function removeDisk(file: string): Promise<void> {
  await fs.rm(file, { force: true });
  await fs.rm(shareFolderOf(file), { recursive: true, force: true });
}

/**
 * Resolves when no tool works on this disk. A tool outlives a daemon that is killed, and killing the tool would damage
 * the file system. Keeps waiting while processes cannot be listed, for example for lack of file descriptors.
 */
export async function waitUntilUnused(file: string): Promise<void> {
  const isUsed = async (): Promise<boolean> => (await findProcessesByArgument(file)).length > 0;
  while (await isUsed().catch(() => true)) await sleep(TOOL_POLL_INTERVAL_MS, undefined, { ref: false });
}

async function resizeFile(file: string, sizeMb: number, flags: "wx" | "r+"): Promise<void> {
  const handle = await fs.open(file, flags, 0o600);
  try {
    await handle.truncate(sizeMb * MIB);
  } finally {
    await handle.close();
  }
}
