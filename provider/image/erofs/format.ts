/**
 * The on-disk format of EROFS, as far as uncompressed images need it. All numbers are little-endian.
 *
 * Source: Linux, fs/erofs/erofs_fs.h.
 */

/** Offset of the superblock. */
export const SUPER_OFFSET = 1024;
/** Size of the superblock without extension slots. */
export const SUPER_BYTES = 128;
/** First four bytes of the superblock. */
export const EROFS_MAGIC = 0xe0f5e1e2;
/** Block size of images written here, and the smallest that every kernel with EROFS accepts. */
export const BLOCK_BYTES = 4096;
/** An inode number is the offset of the inode in units of this size, from the start of the metadata blocks. */
export const SLOT_BYTES = 32;
/** Size of a compact inode: 32-bit size, 16-bit link count and owners, no times. */
export const COMPACT_INODE_BYTES = 32;
/** Size of an extended inode. */
export const EXTENDED_INODE_BYTES = 64;
/** Size of a directory entry without its name. */
export const DIRENT_BYTES = 12;
/** Longest name in bytes. */
export const MAX_NAME_BYTES = 255;
/** Links in one path component are as long as PATH_MAX allows. */
export const MAX_LINK_BYTES = 4095;

/** `feature_compat`: the superblock has a checksum; times are modification times. */
export const COMPAT = { checksum: 0x1, mtime: 0x2 } as const;
/** `feature_incompat` bits that a reader can ignore for uncompressed files: LZ4 padding. */
export const INCOMPAT_ZERO_PADDING = 0x1;
/** `i_format`, bit 0: extended inode; bits 1 to 3: where the data is. */
export const LAYOUT = { flatPlain: 0, compressedFull: 1, flatInline: 2, compressedCompact: 3, chunkBased: 4 } as const;

/** File type of a directory entry. */
export const ENTRY_TYPE = { file: 1, directory: 2, symlink: 7 } as const;

/** Fields of the superblock, by offset. */
export const SUPER = {
  magic: 0,
  checksum: 4,
  featureCompat: 8,
  blockSizeBits: 12,
  extensionSlots: 13,
  rootNid: 14,
  inodeCount: 16,
  buildTime: 24,
  blockCount: 36,
  metaBlock: 40,
  xattrBlock: 44,
  uuid: 48,
  volumeName: 64,
  featureIncompat: 80,
} as const;

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) * 0x82f63b78);
  return value;
});

/** The checksum of a superblock's block, from the superblock to the end of the block, with the checksum field zero: CRC-32C, not inverted. */
export function superblockChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return crc >>> 0;
}
