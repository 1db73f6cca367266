/**
 * The `newc` CPIO header: a magic number and 13 fields of eight hexadecimal digits, then the NUL-terminated name.
 *
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */
import { paddingBytes } from "../pack/archivePlan";

/** Magic number of `newc` archives; `070702` is the variant with checksums, which is not supported. */
export const NEWC_MAGIC = "070701";
/** Size of a header without its name. */
export const HEADER_BYTES = 110;
/** Headers and contents start at multiples of this. */
export const ALIGNMENT = 4;
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

/** The fields of an entry that are not zero. */
export interface EncodedEntry {
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly fileBytes: number;
  readonly name: string;
}

const DIGITS = Buffer.from("0123456789ABCDEF", "latin1");

/** Size of header, name, NUL and padding. */
export function encodedHeaderBytes(name: string): number {
  const length = HEADER_BYTES + Buffer.byteLength(name) + 1;
  return length + paddingBytes(length, ALIGNMENT);
}

/** Encodes header, name, NUL and padding. Time and device are zero, so that archives are reproducible. */
export function encodeHeader({ inode, mode, uid, gid, links, fileBytes, name }: EncodedEntry): Buffer {
  const header = Buffer.allocUnsafe(encodedHeaderBytes(name));
  header.write(NEWC_MAGIC, "latin1");
  let at = NEWC_MAGIC.length;
  // By digit: this runs once per file, and strings of digits would take as long as reading a small file.
  const put = (value: number): void => {
    for (let shift = 28; shift >= 0; shift -= 4) header[at++] = DIGITS[(value >>> shift) & 0xf] ?? 0;
  };
  put(inode);
  put(mode);
  put(uid);
  put(gid);
  put(links);
  put(0); // time
  put(fileBytes);
  for (let field = 0; field < 4; field++) put(0); // devices
  put(Buffer.byteLength(name) + 1);
  put(0); // checksum
  at += header.write(name, at, "utf8");
  header.fill(0, at);
  return header;
}

/** Decodes {@link HEADER_BYTES} bytes; `undefined` when they are not a `newc` header. */
export function decodeHeader(bytes: Uint8Array): CpioHeader | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  if (text.length !== HEADER_BYTES || !/^070701[0-9a-fA-F]{104}$/.test(text)) return undefined;
  const number = (index: number): number => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  return Object.fromEntries(FIELDS.map((field, index) => [field, number(index)])) as CpioHeader; // FIELDS lists every key
}
