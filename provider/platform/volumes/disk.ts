/** A volume's disk: a sparse file with an ext4 file system, made without mounting anything. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromSystemError } from "../../base/errors";
import { findProcessesByArgument } from "../processes";
import { checkFileSystem, e2fsTool, runTool } from "./e2fsTools";
import { syncToDisk, MIB, assertFreeSpace } from "./diskSpace";

/** Pause between two looks for a tool. */
const TOOL_POLL_INTERVAL_MS = 50;

/** Makes a disk of `sizeMb` MiB. Leaves nothing behind on failure. Throws `OPERATION_FAILED`, `NO_SPACE`. */
export async function makeDisk(file: string, sizeMb: number): Promise<void> {
  const mkfs = e2fsTool("mkfs.ext4");
  await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await assertFreeSpace(file, sizeMb);
  try {
    await resizeFile(file, sizeMb, "wx");
    // The inode tables are written now, so that a guest does not write them in the background after its first mount.
    await runTool(
      mkfs,
      ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", file],
      `Making the file system of a volume of ${sizeMb} MiB`,
    );
    await syncToDisk(file);
  } catch (error) {
    await fs.rm(file, { force: true });
    throw fromSystemError(error, `making a volume of ${sizeMb} MiB`);
  }
}

/**
 * Grows a disk that no VM uses. Safe to repeat after it was cut off; one that is larger already, since that could not be noted,
 * stays so: cutting it would damage its file system. Throws `OPERATION_FAILED`, `NO_SPACE`.
 */
export async function growDisk(file: string, sizeMb: number): Promise<void> {
  const resize2fs = e2fsTool("resize2fs");
  const hasMb = Math.floor((await fs.stat(file)).size / MIB);
  await assertFreeSpace(file, sizeMb - hasMb);
  try {
    if (sizeMb > hasMb) await resizeFile(file, sizeMb, "r+");
    await checkFileSystem(file);
    await runTool(resize2fs, [file], "Growing the volume's file system");
    await syncToDisk(file);
  } catch (error) {
    throw fromSystemError(error, `growing a volume to ${sizeMb} MiB`);
  }
}

/**
 * Resolves when no tool works on this disk. One that a killed daemon began goes on without it, and cutting it off would
 * damage the file system. Where the processes cannot be listed, such as for want of file descriptors, it looks again.
 */
export async function waitUntilUnused(file: string): Promise<void> {
  const touched = async (): Promise<boolean> => (await findProcessesByArgument(file)).length > 0;
  while (await touched().catch(() => true)) await sleep(TOOL_POLL_INTERVAL_MS, undefined, { ref: false });
}

async function resizeFile(file: string, sizeMb: number, flags: "wx" | "r+"): Promise<void> {
  const handle = await fs.open(file, flags, 0o600);
  try {
    await handle.truncate(sizeMb * MIB);
  } finally {
    await handle.close();
  }
}
