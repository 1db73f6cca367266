/** The superblock of an ext4 file system. Pure. Source: the Linux kernel's Documentation/filesystems/ext4/super.rst. */

/** Where on a disk it is, in bytes. */
export const SUPERBLOCK = { offset: 1024, length: 1024 } as const;

const MAGIC = 0xef53;
const INCOMPATIBLE_64BIT = 0x80;
/** Binary logarithm of the block size that 0 stands for. */
const SMALLEST_BLOCK_LOG = 10;
const MIB_LOG = 20;
const FIELD_OFFSETS = {
  freeBlocksLow: 0x0c,
  logBlockSize: 0x18,
  magic: 0x38,
  incompatible: 0x60,
  freeBlocksHigh: 0x158,
} as const;

/** Whole MiB that are free; `undefined` when the bytes are no superblock. */
export function parseFreeMb(superblock: Buffer): number | undefined {
  if (superblock.length < SUPERBLOCK.length || superblock.readUInt16LE(FIELD_OFFSETS.magic) !== MAGIC) return undefined;
  const is64Bit = (superblock.readUInt32LE(FIELD_OFFSETS.incompatible) & INCOMPATIBLE_64BIT) !== 0;
  const high = is64Bit ? superblock.readUInt32LE(FIELD_OFFSETS.freeBlocksHigh) : 0;
  const blocks = high * 2 ** 32 + superblock.readUInt32LE(FIELD_OFFSETS.freeBlocksLow);
  const blockLog = SMALLEST_BLOCK_LOG + superblock.readUInt32LE(FIELD_OFFSETS.logBlockSize);
  return Math.floor(blocks * 2 ** (blockLog - MIB_LOG));
}
