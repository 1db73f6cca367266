/** Copies a folder of the host to the root of a volume's file system. */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../base/errors";
import { MIB, assertFreeSpace, syncToDisk } from "../diskSpace";
import { checkFileSystem, copySparse } from "../diskTools";
import { runDebugfs } from "./debugfs";
import { importCommands, saysFull } from "./importCommands";
import { type FolderListing, listFolder } from "./listFolder";
import { readTree } from "./readTree";

/**
 * Copies `folder` to a disk that nothing else uses. All or nothing: a copy of the disk is changed, checked, and put in its place.
 *
 * Throws `INPUT_INVALID` (a name, too many files), `NO_SPACE` (the files do not fit), `OPERATION_FAILED`.
 */
export async function importFiles(disk: string, folder: string, signal: AbortSignal): Promise<FolderListing> {
  const listing = await listFolder(folder);
  const capacityBytes = (await fs.stat(disk)).size;
  const sizeBytes = listing.entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (sizeBytes > capacityBytes) throw doesNotFit(sizeBytes, capacityBytes);
  const changed = `${disk}.import`;
  try {
    await assertFreeSpace(disk, Math.ceil(sizeBytes / MIB));
    await copySparse(disk, changed, signal);
    // An unclean file system has a journal, which debugfs would not apply.
    await checkFileSystem(changed);
    const present = new Map((await readTree(changed, signal)).map((entry) => [entry.path, entry.type]));
    const { failures } = await runDebugfs(changed, importCommands(folder, listing.entries, present), "write", signal);
    if (failures.some(saysFull)) throw doesNotFit(sizeBytes, capacityBytes);
    if (failures[0] !== undefined) {
      throw new UnikernelError("OPERATION_FAILED", `Copying files to the volume failed: ${failures[0].trim()}.`);
    }
    await checkFileSystem(changed);
    await syncToDisk(changed);
    await fs.rename(changed, disk);
  } finally {
    await fs.rm(changed, { force: true });
  }
  return listing;
}

const doesNotFit = (sizeBytes: number, capacityBytes: number): UnikernelError =>
  new UnikernelError(
    "NO_SPACE",
    `The files have ${formatMib(sizeBytes)} MiB; they do not fit into the volume of ${formatMib(capacityBytes)} MiB, a part of which its file system needs.`,
    { hint: "Increase sizeMb, or copy less." },
  );

const formatMib = (bytes: number): string => (bytes / MIB).toFixed(1).replace(/\.0$/, "");
