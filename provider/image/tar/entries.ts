/** The entries of a tar archive, with long names and PAX records applied. */
import { paddingBytes } from "../pack/archivePlan";
import { ArchiveError, type ArchiveSource, decodeName, toEntryPath } from "../rootfs/archiveSource";
import type { FileContent } from "../rootfs/tree";
import {
  type PaxRecords,
  TAR_BLOCK_BYTES,
  type TarHeader,
  decodePax,
  decodeTarHeader,
  isZeroBlock,
  untilNul,
} from "./header";

/** What an entry is. A `special` one is a device, a FIFO, or a type that only one program writes. */
export type TarEntryType = "file" | "directory" | "symlink" | "hardlink" | "special";

/** An entry of an archive. */
export interface TarEntry {
  readonly type: TarEntryType;
  /** Path in the tree, "" for the root. */
  readonly path: string;
  /** Target of a symbolic link as it is written, path of a hard link's file in the tree; else "". */
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Empty for all but files. */
  readonly content: FileContent;
}

/** Most bytes of one PAX header or long name. */
const MAX_EXTENSION_BYTES = 2 ** 20;
const MAX_ID = 0xffffffff;

const TYPES: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "7": "file", // contiguous
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

/**
 * Reads the entries in order, without their contents. Throws {@link ArchiveError} for an archive that is malformed, truncated or
 * without its end marker, for sparse files, and for paths with `..`.
 */
export function* readTarEntries(source: ArchiveSource): Generator<TarEntry> {
  let offset = 0;
  let global: PaxRecords = {};
  let local: PaxRecords = {};
  for (;;) {
    const start = offset;
    const block = source.read(start, TAR_BLOCK_BYTES, start === 0 ? "its first header" : `a header at byte ${start}`);
    if (isZeroBlock(block)) {
      if (start === 0 && source.sizeBytes < 2 * TAR_BLOCK_BYTES) throw new ArchiveError("it is not a tar archive");
      return;
    }
    const header = decodeTarHeader(block, start);
    const records = { ...global, ...local };
    const sizeBytes = dataBytes(header, records);
    const dataOffset = start + TAR_BLOCK_BYTES;
    offset = dataOffset + sizeBytes + paddingBytes(sizeBytes, TAR_BLOCK_BYTES);
    const what = `the entry at byte ${start}`;
    const content = source.contentAt(dataOffset, sizeBytes, what);
    const extension = (): Buffer => {
      if (sizeBytes > MAX_EXTENSION_BYTES) throw new ArchiveError(`${what} is a header of more than 1 MiB`);
      return source.read(dataOffset, sizeBytes, what);
    };
    if (header.type === "x") local = { ...local, ...decodePax(extension()) };
    else if (header.type === "g") global = { ...global, ...decodePax(extension()) };
    else if (header.type === "L") local = { ...local, path: decodeName(untilNul(extension())) };
    else if (header.type === "K") local = { ...local, linkpath: decodeName(untilNul(extension())) };
    else {
      local = {};
      if (header.type !== "V") yield toEntry(header, records, content); // V is the name of the volume
    }
  }
}

/** Size of the data behind a header. Links, folders and devices have none, whatever their size field says. */
function dataBytes({ type, sizeBytes }: TarHeader, records: PaxRecords): number {
  if (/[1-6]/.test(type)) return 0;
  return /[xgLK]/.test(type) ? sizeBytes : (records.size ?? sizeBytes);
}

function toEntry(header: TarHeader, records: PaxRecords, content: FileContent): TarEntry {
  const name = records.path ?? decodeName(header.name);
  const path = toEntryPath(name);
  const link = records.linkpath ?? decodeName(header.linkName);
  if (header.type === "S") throw new ArchiveError(`'/${path}' is a sparse file; pack the archive without --sparse`);
  const known = TYPES[header.type] ?? "special";
  const type = known === "file" && name.endsWith("/") ? "directory" : known; // as old archives mark folders
  const [uid, gid] = [records.uid ?? header.uid, records.gid ?? header.gid];
  if (uid > MAX_ID || gid > MAX_ID) throw new ArchiveError(`the owner of '/${path}' is out of range`);
  if (type === "symlink" && link === "") throw new ArchiveError(`the link '/${path}' has no target`);
  const target = type === "symlink" ? link : type === "hardlink" ? toEntryPath(link) : "";
  return { type, path, target, mode: header.mode & 0o7777, uid, gid, content };
}
