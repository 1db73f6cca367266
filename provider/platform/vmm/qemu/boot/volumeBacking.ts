/**
 * Chooses what a guest mounts as a volume. Linux mounts the volume's ext4 disk. Unikraft has no driver for it and mounts a folder of the
 * host over 9p, which the stand-in Linux cannot. So an empty volume serves either, and one with data the kind of guest that wrote it. A
 * volume for several writers has a folder only, since a disk has one writer.
 */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../../base/errors";
import { fileExists } from "../../../../base/files";
import { sharedVolumeViolation } from "../../../../image/kernel/guestRules";
import { assertNoViolation } from "../../../../image/kernel/violation";
import { parseSuperblock, SUPERBLOCK } from "../../../volumes/superblock";
import { shareFolderOf, type VmDisk } from "../../vmm";
import type { KernelKind } from "../../../../image/kernel/kernelKind";

/** True for an ext4 superblock of a file system without files. Pure. */
export const isEmptyExt4 = (superblock: Buffer): boolean => parseSuperblock(superblock)?.isEmpty === true;

/**
 * Prepares the volumes for a guest of this kind: creates the folders (0700) of a Unikraft guest, removes empty ones of a Linux guest.
 *
 * Throws `INPUT_INVALID` for a volume with data of the other kind of guest, and file system errors.
 */
export async function prepareVolumes(disks: readonly VmDisk[], kind: KernelKind): Promise<void> {
  for (const disk of disks) await (kind === "multiboot" ? prepareFolder(disk) : prepareDisk(disk));
}

async function prepareFolder({ file, at }: VmDisk): Promise<void> {
  const folder = shareFolderOf(file);
  if (await fileExists(folder)) return;
  if (!isEmptyExt4(await readSuperblock(file))) {
    throw wrongGuest(
      `The volume at '${at}' has data in an ext4 file system, which a Unikraft kernel cannot mount.`,
      "Use a new volume for this instance; linux:latest can read this one.",
    );
  }
  await fs.mkdir(folder, { mode: 0o700 });
}

async function prepareDisk({ file, at }: VmDisk): Promise<void> {
  if (!(await fileExists(file))) assertNoViolation([sharedVolumeViolation(at)]);
  const folder = shareFolderOf(file);
  if (!(await fileExists(folder))) return;
  if ((await fs.readdir(folder)).length > 0) {
    throw wrongGuest(
      `The volume at '${at}' has data of a Unikraft kernel in a folder of the host, which linux:latest cannot mount.`,
      "Use a new volume for this instance; a Unikraft kernel can read this one.",
    );
  }
  await fs.rmdir(folder);
}

const wrongGuest = (message: string, hint: string): UnikernelError =>
  new UnikernelError("INPUT_INVALID", message, { property: "volumes", hint });

async function readSuperblock(file: string): Promise<Buffer> {
  const handle = await fs.open(file);
  try {
    return (await handle.read(Buffer.alloc(SUPERBLOCK.length), 0, SUPERBLOCK.length, SUPERBLOCK.offset)).buffer;
  } finally {
    await handle.close();
  }
}
