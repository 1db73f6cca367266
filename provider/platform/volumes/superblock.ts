/** Reads the superblock of an ext4 file system. Pure. Source: Linux, Documentation/filesystems/ext4/super.rst. */

/** Where the superblock is on a disk, in bytes. */
export const SUPERBLOCK = { offset: 1024, length: 1024 } as const;

const MAGIC = 0xef53;
const FIELD_OFFSETS = {
  inodes: 0x00,
  freeBlocksLow: 0x0c,
  freeInodes: 0x10,
  logBlockSize: 0x18,
  magic: 0x38,
  featureIncompat: 0x60,
  freeBlocksHigh: 0x158,
} as const;
/** `INCOMPAT_RECOVER`: the journal holds changes that the counts do not show. */
const INCOMPAT_RECOVER = 0x4;
/** `INCOMPAT_64BIT`: block counts have a high half. */
const INCOMPAT_64BIT = 0x80;
/** The block size is 2 to the power of 10 plus `logBlockSize`. */
const MIN_BLOCK_SIZE_LOG2 = 10;
const MIB_LOG2 = 20;
/** Inodes of an empty file system: the reserved ones and `lost+found`. */
const INODES_OF_EMPTY = 11;

/** What a superblock tells. */
export interface Superblock {
  /** Whole MiB that are free. */
  readonly freeMb: number;
  /** True if the file system has no files, and no change in its journal that could be one. */
  readonly isEmpty: boolean;
}

/** Parses {@link SUPERBLOCK}; `undefined` when the bytes are not a superblock. */
export function parseSuperblock(bytes: Buffer): Superblock | undefined {
  if (bytes.readUInt16LE(FIELD_OFFSETS.magic) !== MAGIC) return undefined;
  const features = bytes.readUInt32LE(FIELD_OFFSETS.featureIncompat);
  const high = (features & INCOMPAT_64BIT) !== 0 ? bytes.readUInt32LE(FIELD_OFFSETS.freeBlocksHigh) : 0;
  const freeBlocks = high * 2 ** 32 + bytes.readUInt32LE(FIELD_OFFSETS.freeBlocksLow);
  const blockSizeLog2 = MIN_BLOCK_SIZE_LOG2 + bytes.readUInt32LE(FIELD_OFFSETS.logBlockSize);
  const inodesInUse = bytes.readUInt32LE(FIELD_OFFSETS.inodes) - bytes.readUInt32LE(FIELD_OFFSETS.freeInodes);
  return {
    freeMb: Math.floor(freeBlocks * 2 ** (blockSizeLog2 - MIB_LOG2)),
    isEmpty: (features & INCOMPAT_RECOVER) === 0 && inodesInUse <= INODES_OF_EMPTY,
  };
}
