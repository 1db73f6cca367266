/** Directories of EROFS: blocks that each hold entries, sorted by name, followed by the names. */
import { BLOCK_BYTES, DIRENT_BYTES, ENTRY_TYPE } from "./format";

/** An entry to write. `name` is in UTF-8. */
export interface DirectoryEntry {
  readonly name: Buffer;
  readonly nid: number;
  readonly type: keyof typeof ENTRY_TYPE;
}

/** Splits names, in order, into the runs that share a block, and returns the number of names in each. */
function splitNames(lengths: readonly number[]): number[] {
  const runs: number[] = [];
  let used = 0;
  for (const length of lengths) {
    const bytes = DIRENT_BYTES + length;
    const last = runs.length - 1;
    if (last >= 0 && used + bytes <= BLOCK_BYTES) {
      runs[last] = (runs[last] ?? 0) + 1;
      used += bytes;
    } else {
      runs.push(1);
      used = bytes;
    }
  }
  return runs;
}

/** Size of a directory with names of these lengths in bytes, in sorted order, `.` and `..` included. */
export function directoryBytes(lengths: readonly number[]): number {
  const runs = splitNames(lengths);
  const lastRun = lengths.slice(lengths.length - (runs.at(-1) ?? 0));
  return (runs.length - 1) * BLOCK_BYTES + lastRun.reduce((sum, length) => sum + DIRENT_BYTES + length, 0);
}

/** Encodes the entries, which are sorted by name and include `.` and `..`. All blocks but the last are padded with zeros. */
export function encodeDirectory(entries: readonly DirectoryEntry[]): Buffer {
  const lengths = entries.map(({ name }) => name.length);
  const bytes = Buffer.alloc(directoryBytes(lengths));
  let start = 0;
  for (const [block, count] of splitNames(lengths).entries()) {
    const base = block * BLOCK_BYTES;
    let nameOffset = count * DIRENT_BYTES;
    for (const [index, { name, nid, type }] of entries.slice(start, start + count).entries()) {
      const at = base + index * DIRENT_BYTES;
      bytes.writeBigUInt64LE(BigInt(nid), at);
      bytes.writeUInt16LE(nameOffset, at + 8);
      bytes.writeUInt8(ENTRY_TYPE[type], at + 10);
      name.copy(bytes, base + nameOffset);
      nameOffset += name.length;
    }
    start += count;
  }
  return bytes;
}
