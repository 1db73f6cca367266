/**
 * The `newc` CPIO header: a magic number and 13 fields of eight hexadecimal digits, then the NUL-terminated name.
 *
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */

/** Magic number of `newc` archives; `070702` is the variant with checksums, which is not supported. */
export const NEWC_MAGIC = "070701";
/** Size of a header without its name. */
export const HEADER_BYTES = 110;
/** Name of the entry that marks the end of an archive. */
export const TRAILER_NAME = "TRAILER!!!";
/** Archives are padded to a multiple of this by convention. */
export const ARCHIVE_BLOCK_BYTES = 512;
/** Longest name in bytes: Linux skips entries whose name with its NUL exceeds PATH_MAX (4096). */
export const MAX_NAME_BYTES = 4095;
/** Largest file in bytes: the size field has 32 bits. */
export const MAX_FILE_BYTES = 0xffffffff;

/** File type bits of a mode. Source: inode(7). */
export const FILE_TYPE = { mask: 0o170000, directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;

/** Header fields, in archive order. */
const FIELDS = [
  "inode",
  "mode",
  "uid",
  "gid",
  "links",
  "mtime",
  "fileBytes",
  "devMajor",
  "devMinor",
  "rdevMajor",
  "rdevMinor",
  "nameBytes",
  "check",
] as const;

/** The 13 fields of a header, each 0 to 0xFFFFFFFF. `nameBytes` includes the NUL. */
export type CpioHeader = Readonly<Record<(typeof FIELDS)[number], number>>;

/** Number of padding bytes that round `length` up to a multiple of `block`. */
export const paddingBytes = (length: number, block = 4): number => (block - (length % block)) % block;

/** Encodes header, name, NUL and padding. Owner, time and device are zero, so that archives are reproducible. */
export function encodeHeader(entry: {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly fileBytes: number;
  readonly name: string;
}): Buffer {
  const name = Buffer.from(`${entry.name}\0`);
  const { inode, mode, links, fileBytes } = entry;
  const zero = { uid: 0, gid: 0, mtime: 0, devMajor: 0, devMinor: 0, rdevMajor: 0, rdevMinor: 0, check: 0 };
  const header: CpioHeader = { ...zero, inode, mode, links, fileBytes, nameBytes: name.length };
  const text = FIELDS.map((field) => header[field].toString(16).toUpperCase().padStart(8, "0")).join("");
  const padding = Buffer.alloc(paddingBytes(HEADER_BYTES + name.length));
  return Buffer.concat([Buffer.from(NEWC_MAGIC + text, "latin1"), name, padding]);
}

/** Decodes {@link HEADER_BYTES} bytes; `undefined` when they are not a `newc` header. */
export function decodeHeader(bytes: Uint8Array): CpioHeader | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  if (text.length !== HEADER_BYTES || !/^070701[0-9a-fA-F]{104}$/.test(text)) return undefined;
  const number = (index: number): number => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  return Object.fromEntries(FIELDS.map((field, index) => [field, number(index)])) as CpioHeader; // FIELDS lists every key
}
