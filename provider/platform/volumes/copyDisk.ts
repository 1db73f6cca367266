/** Copies of disks: as sparse as what they were made from. */
import * as fs from "node:fs/promises";
import { fromSystemError } from "../../base/errors";
import { makeDurable, MIB, refuseWithoutSpace } from "./diskSpace";
import { checkFileSystem, copySparsely, e2fsTool, run } from "./e2fsTools";

/**
 * Copies a disk that nobody writes to, and gives the copy's file system a UUID of its own. Leaves nothing behind on
 * failure. Throws `NO_SPACE`, `OPERATION_FAILED`; also when the signal aborts.
 */
export async function copyDisk(source: string, target: string, signal: AbortSignal): Promise<void> {
  try {
    await refuseWithoutSpace(target, Math.ceil((await fs.stat(source)).size / MIB));
    await copySparsely(source, target, signal);
    // A disk whose guest did not unmount it has work left in its journal; with that, tune2fs would refuse.
    await checkFileSystem(target);
    await run(e2fsTool("tune2fs"), ["-U", "random", target], "Naming a volume's file system");
    await makeDurable(target);
  } catch (error) {
    await fs.rm(target, { force: true });
    throw fromSystemError(error, "copying a volume's disk");
  }
}
