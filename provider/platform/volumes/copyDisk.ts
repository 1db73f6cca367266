/** Copies of disks: as sparse as what they were made from. */
import * as fs from "node:fs/promises";
import { fromSystemError } from "../../base/errors";
import { syncToDisk, MIB, assertFreeSpace } from "./diskSpace";
import { checkFileSystem, copySparse, e2fsTool, runTool } from "./e2fsTools";

/**
 * Copies a disk that nobody writes to, and gives the copy's file system a UUID of its own. Leaves nothing behind on
 * failure. Throws `NO_SPACE`, `OPERATION_FAILED`; also when the signal aborts.
 */
export async function copyDisk(source: string, target: string, signal: AbortSignal): Promise<void> {
  try {
    await assertFreeSpace(target, Math.ceil((await fs.stat(source)).size / MIB));
    await copySparse(source, target, signal);
    // A disk whose guest did not unmount it has work left in its journal; with that, tune2fs would refuse.
    await checkFileSystem(target);
    await runTool(e2fsTool("tune2fs"), ["-U", "random", target], "Naming a volume's file system");
    await syncToDisk(target);
  } catch (error) {
    await fs.rm(target, { force: true });
    throw fromSystemError(error, "copying a volume's disk");
  }
}
