/**
 * The `newc` CPIO header: a magic and 13 numbers of eight hexadecimal digits, then the name with a NUL.
 *
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */

/** Magic of `newc` archives; `070702` (with checksums) is another format. */
export const NEWC_MAGIC = "070701";
/** Bytes of a header without its name. */
export const HEADER_BYTES = 110;
/** Name of the entry that ends an archive. */
export const TRAILER_NAME = "TRAILER!!!";
/** Archives are padded to this by convention. */
export const ARCHIVE_BLOCK_BYTES = 512;
/** Longest name: Linux skips entries whose name with its NUL exceeds PATH_MAX (4096). */
export const MAX_NAME_BYTES = 4095;
/** Largest file: the size field has 32 bits. */
export const MAX_FILE_BYTES = 0xffffffff;

/** File type bits of a mode. Source: inode(7). */
export const FILE_TYPE = { mask: 0o170000, directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;

/** Fields in the order of the format. */
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

/** The 13 numbers of a header, each 0 to 0xFFFFFFFF. `nameBytes` counts the NUL. */
export type CpioHeader = Readonly<Record<(typeof FIELDS)[number], number>>;

/** Zero bytes needed after `length` bytes to reach a multiple of `block`. */
export const paddingBytes = (length: number, block = 4): number => (block - (length % block)) % block;

/** Header, name, NUL and padding. Owner, time and device are zero. */
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

/** The numbers of a header; `undefined` when these {@link HEADER_BYTES} bytes are none. */
export function decodeHeader(bytes: Uint8Array): CpioHeader | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  if (text.length !== HEADER_BYTES || !/^070701[0-9a-fA-F]{104}$/.test(text)) return undefined;
  const number = (index: number): number => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  return Object.fromEntries(FIELDS.map((field, index) => [field, number(index)])) as CpioHeader; // all fields are named
}
