/**
 * How much quota a volume uses and how much of its disk is free. Synchronous: it reads at most 1 KiB of a local file.
 */
import * as fs from "node:fs";
import type { LocalPaths } from "../../base/localPaths";
import type { VolumeRecord } from "../store/volumes";
import { shareFolderOf } from "../vmm/vmm";
import { volumeDiskPath } from "./disk";
import { MIB } from "./diskSpace";

/** Unit of `st_blocks` on every file system. Source: stat(2). */
const STAT_BLOCK_BYTES = 512;

/** Position and fields of the ext4 superblock. Source: Linux, Documentation/filesystems/ext4/super.rst. */
const SUPERBLOCK = { offset: 1024, length: 1024 } as const;
const SUPERBLOCK_MAGIC = 0xef53;
const FIELD_OFFSETS = {
  freeBlocksLow: 0x0c,
  logBlockSize: 0x18,
  magic: 0x38,
  featureIncompat: 0x60,
  freeBlocksHigh: 0x158,
} as const;
/** `INCOMPAT_64BIT`: block counts have a high half. */
const INCOMPAT_64BIT = 0x80;
/** The block size is 2 to the power of 10 plus `logBlockSize`. */
const MIN_BLOCK_SIZE_LOG2 = 10;
const MIB_LOG2 = 20;

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
    return parseFreeMb(bytes);
  } catch {
    return undefined; // an unreadable disk must not hide the rest of the volume
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Whole MiB that are free; `undefined` when the bytes are not a superblock. */
function parseFreeMb(superblock: Buffer): number | undefined {
  if (superblock.readUInt16LE(FIELD_OFFSETS.magic) !== SUPERBLOCK_MAGIC) return undefined;
  const is64Bit = (superblock.readUInt32LE(FIELD_OFFSETS.featureIncompat) & INCOMPAT_64BIT) !== 0;
  const high = is64Bit ? superblock.readUInt32LE(FIELD_OFFSETS.freeBlocksHigh) : 0;
  const blocks = high * 2 ** 32 + superblock.readUInt32LE(FIELD_OFFSETS.freeBlocksLow);
  const blockSizeLog2 = MIN_BLOCK_SIZE_LOG2 + superblock.readUInt32LE(FIELD_OFFSETS.logBlockSize);
  return Math.floor(blocks * 2 ** (blockSizeLog2 - MIB_LOG2));
}
