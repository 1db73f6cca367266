/**
 * How much quota a volume uses and how much of its disk is free. Synchronous: it reads at most 1 KiB of a local file.
 */
import * as fs from "node:fs";
import type { LocalPaths } from "../../base/localPaths";
import type { VolumeRecord } from "../store/volumes";
import { shareFolderOf } from "../vmm/vmm";
import { volumeDiskPath } from "./disk";
import { MIB } from "./diskSpace";
import { parseSuperblock, SUPERBLOCK } from "./superblock";

/** Unit of `st_blocks` on every file system. Source: stat(2). */
const STAT_BLOCK_BYTES = 512;

/** MiB of quota that a volume uses: its full size, or with the policy `dynamic` the space that its disk occupies. */
export function quotaUsageMb(paths: LocalPaths, volume: VolumeRecord): number {
  return volume.quotaPolicy === "static" ? (volume.growsToMb ?? volume.sizeMb) : allocatedMb(paths, volume.uuid);
}

/** MiB that a volume's sparse disk occupies on the host; 0 while it does not exist. */
export function allocatedMb(paths: LocalPaths, volumeUuid: string): number {
  const blocks = fs.statSync(volumeDiskPath(paths, volumeUuid), { throwIfNoEntry: false })?.blocks ?? 0;
  return Math.ceil((blocks * STAT_BLOCK_BYTES) / MIB);
}

/**
 * MiB that are free in the volume's file system; `undefined` when it cannot be read, for example before it is created, and
 * for a volume with a folder, which only the host's disk limits.
 */
export function freeSpaceMb(paths: LocalPaths, { uuid }: VolumeRecord): number | undefined {
  if (fs.existsSync(shareFolderOf(volumeDiskPath(paths, uuid)))) return undefined;
  const bytes = Buffer.alloc(SUPERBLOCK.length);
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(volumeDiskPath(paths, uuid), "r");
    fs.readSync(descriptor, bytes, 0, bytes.length, SUPERBLOCK.offset);
    return parseSuperblock(bytes)?.freeMb;
  } catch {
    return undefined; // an unreadable disk must not hide the rest of the volume
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
