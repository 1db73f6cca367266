/**
 * Headers of tar archives: ustar, with the extensions of GNU tar and PAX.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format".
 */
import { ArchiveError } from "../rootfs/archiveSource";

/** Size of a header, and of the blocks that contents are padded to. */
export const TAR_BLOCK_BYTES = 512;

/** A decoded header block. */
export interface TarHeader {
  /** One character; "0" also for the NUL of old archives. */
  readonly type: string;
  /** Name and, for ustar, its prefix; not decoded, since a PAX record may replace it. */
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
}

/** Values of a PAX header that replace those of the next header; `undefined` leaves them. */
export interface PaxRecords {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** True for a block of zeros. */
export const isZeroBlock = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** Decodes a block at `offset`. Throws {@link ArchiveError} when it is not a header. */
export function decodeTarHeader(block: Buffer, offset: number): TarHeader {
  const at = `at byte ${offset}`;
  const stored = parseNumber(block.subarray(148, 156), `the checksum ${at}`);
  let [unsignedSum, signedSum] = [0, 0]; // some old programs summed signed bytes
  for (let index = 0; index < block.length; index++) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsignedSum += byte;
    signedSum += byte > 127 ? byte - 256 : byte;
  }
  if (stored !== unsignedSum && stored !== signedSum) throw new ArchiveError(`there is no valid tar header ${at}`);
  const magic = block.toString("latin1", 257, 263);
  const prefix = magic === "ustar\0" ? untilNul(block.subarray(345, 500)) : Buffer.alloc(0);
  const name = untilNul(block.subarray(0, 100));
  const type = block.toString("latin1", 156, 157);
  return {
    type: type === "\0" ? "0" : type,
    name: prefix.length === 0 ? Buffer.from(name) : Buffer.concat([prefix, Buffer.from("/"), name]),
    linkName: Buffer.from(untilNul(block.subarray(157, 257))),
    mode: parseNumber(block.subarray(100, 108), `the mode ${at}`),
    uid: parseNumber(block.subarray(108, 116), `the owner ${at}`),
    gid: parseNumber(block.subarray(116, 124), `the group ${at}`),
    sizeBytes: parseNumber(block.subarray(124, 136), `the size ${at}`),
  };
}

/** The bytes before the first NUL. */
export const untilNul = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
};

/** Octal digits between blanks and NULs, or base 256 when the first bit is set. An empty field is 0. */
function parseNumber(field: Buffer, what: string): number {
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    const bytes = Buffer.from(field);
    bytes[0] = first & 0x7f;
    const value = BigInt(`0x${bytes.toString("hex")}`);
    if (first === 0xff || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ArchiveError(`${what} is out of range`);
    return Number(value);
  }
  const text = field
    .toString("latin1")
    .replace(/^[ \0]+/, "")
    .replace(/[ \0].*$/s, "");
  if (!/^[0-7]*$/.test(text)) throw new ArchiveError(`${what} is not a number`);
  return text === "" ? 0 : Number.parseInt(text, 8);
}

/** Decodes the records of a PAX header. Throws {@link ArchiveError} when they are malformed or describe a sparse file. */
export function decodePax(bytes: Buffer): PaxRecords {
  const records: { path?: string; linkpath?: string; size?: number; uid?: number; gid?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 ? "" : bytes.toString("latin1", at, blank);
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (end <= blank + 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw new ArchiveError("a PAX record is malformed");
    const separator = bytes.indexOf(0x3d, blank);
    if (separator < 0 || separator >= end) throw new ArchiveError("a PAX record has no value");
    const key = bytes.toString("latin1", blank + 1, separator);
    const value = bytes.subarray(separator + 1, end - 1);
    if (key.startsWith("GNU.sparse.")) throw new ArchiveError("it contains sparse files; pack it without --sparse");
    if (key === "path" || key === "linkpath") records[key] = decodeUtf8(value, key);
    else if (key === "size" || key === "uid" || key === "gid") records[key] = decodeDecimal(value, key);
    at = end;
  }
  return records;
}

function decodeUtf8(value: Buffer, key: string): string {
  const text = value.toString("utf8");
  if (!Buffer.from(text).equals(value) || text.includes("\0"))
    throw new ArchiveError(`the PAX record '${key}' is not text`);
  return text;
}

function decodeDecimal(value: Buffer, key: string): number {
  const text = value.toString("latin1");
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new ArchiveError(`the PAX record '${key}' is not a number`);
  return number;
}
