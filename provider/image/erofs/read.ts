/** Reads an uncompressed EROFS image from an untrusted source into a file tree. */
import * as fs from "node:fs/promises";
import { FILE_TYPE } from "../cpio/header";
import { describeFile } from "../pack/contentReader";
import { TimeSlice } from "../pack/timeSlice";
import {
  ArchiveError,
  type ArchiveSource,
  EntryBudget,
  decodeName,
  readArchive,
  rejectType,
  toEntryPath,
} from "../rootfs/archiveSource";
import type { ArchiveRange, DiskFile, FileTree, TreeEntry } from "../rootfs/tree";
import { TreeBuilder } from "../rootfs/treeBuilder";
import {
  BLOCK_BYTES,
  COMPACT_INODE_BYTES,
  COMPAT,
  DIRENT_BYTES,
  EROFS_MAGIC,
  EXTENDED_INODE_BYTES,
  INCOMPAT_ZERO_PADDING,
  LAYOUT,
  MAX_LINK_BYTES,
  MAX_NAME_BYTES,
  SLOT_BYTES,
  SUPER,
  SUPER_BYTES,
  SUPER_OFFSET,
  superblockChecksum,
} from "./format";

/** Most bytes of one directory: as many entries as an archive may have, with long names. */
const MAX_DIRECTORY_BYTES = 2 ** 28;

/** True for a file with the magic number of an EROFS superblock. Throws file system errors. */
export async function isErofs(file: string): Promise<boolean> {
  const handle = await fs.open(file);
  try {
    const magic = Buffer.alloc(4);
    const { bytesRead } = await handle.read(magic, 0, magic.length, SUPER_OFFSET + SUPER.magic);
    return bytesRead === magic.length && magic.readUInt32LE() === EROFS_MAGIC;
  } finally {
    await handle.close();
  }
}

/** Reads the tree of the image in a file. Throws as {@link fromErofs}, and file system errors. */
export const readErofs = (file: string): Promise<FileTree> => fromErofs(describeFile(file), file);

/**
 * Reads the tree of an image; contents stay in the image. Hard links are kept; extended attributes are ignored.
 *
 * @param label path of the file for messages
 * Throws `CONTEXT_INVALID` for an image that is damaged, that uses compression, chunks, several devices or blocks of another size
 * than 4096 bytes, and for devices, FIFOs and sockets; an aborted `signal` rejects with its reason.
 */
export function fromErofs(file: DiskFile, label: string, signal?: AbortSignal): Promise<FileTree> {
  return readArchive(file, label, "EROFS image", async (source) => {
    const image = openImage(file, source);
    const builder = new TreeBuilder();
    const budget = new EntryBudget();
    const slice = new TimeSlice(signal);
    const files = new Map<number, TreeEntry>();
    const seenDirectories = new Set([image.rootNid]);
    const pending = [{ path: "", nid: image.rootNid }];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      for (const child of readDirectory(image, folder.nid)) {
        const path = toEntryPath(folder.path === "" ? child.name : `${folder.path}/${child.name}`);
        const entry = files.get(child.nid) ?? readEntry(image, child.nid, path);
        budget.add(path);
        if (builder.locate(path).entry !== undefined) throw new ArchiveError(`'/${path}' exists twice`);
        builder.set(path, entry);
        if (entry.type === "file") files.set(child.nid, entry);
        if (entry.type === "directory") {
          if (seenDirectories.has(child.nid)) throw new ArchiveError(`the directory '/${path}' has two names`);
          seenDirectories.add(child.nid);
          pending.push({ path, nid: child.nid });
        }
        if (slice.isOver) await slice.next();
      }
    }
    return builder.toTree();
  });
}

interface Image {
  readonly file: DiskFile;
  readonly source: ArchiveSource;
  readonly metaOffset: number;
  readonly rootNid: number;
}

function openImage(file: DiskFile, source: ArchiveSource): Image {
  const superblock = source.read(SUPER_OFFSET, SUPER_BYTES, "the superblock");
  if (superblock.readUInt32LE(SUPER.magic) !== EROFS_MAGIC) throw new ArchiveError("it has no EROFS superblock");
  if (superblock.readUInt8(SUPER.blockSizeBits) !== Math.log2(BLOCK_BYTES))
    throw new ArchiveError(`its blocks do not have ${BLOCK_BYTES} bytes`);
  const features = superblock.readUInt32LE(SUPER.featureIncompat);
  if ((features & ~INCOMPAT_ZERO_PADDING) !== 0)
    throw new ArchiveError(
      `it uses features that are not supported (0x${features.toString(16)}); pack it without compression and chunks`,
    );
  const metaOffset = superblock.readUInt32LE(SUPER.metaBlock) * BLOCK_BYTES;
  const rootNid = superblock.readUInt16LE(SUPER.rootNid);
  if ((superblock.readUInt32LE(SUPER.featureCompat) & COMPAT.checksum) !== 0) {
    const block = Buffer.from(source.read(SUPER_OFFSET, BLOCK_BYTES - SUPER_OFFSET, "the first block"));
    const expected = block.readUInt32LE(SUPER.checksum);
    block.writeUInt32LE(0, SUPER.checksum);
    if (superblockChecksum(block) !== expected) throw new ArchiveError("the checksum of its superblock is wrong");
  }
  return { file, source, metaOffset, rootNid };
}

interface DiskInode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly ranges: readonly ArchiveRange[];
}

function readInode({ source, metaOffset }: Image, nid: number): DiskInode {
  const start = metaOffset + nid * SLOT_BYTES;
  const what = `inode ${nid}`;
  if (!Number.isSafeInteger(start)) throw new ArchiveError(`it ends inside ${what}`);
  const format = source.read(start, COMPACT_INODE_BYTES, what).readUInt16LE(0);
  const isExtended = (format & 1) !== 0;
  const layout = (format >> 1) & 7;
  if (layout !== LAYOUT.flatPlain && layout !== LAYOUT.flatInline)
    throw new ArchiveError(`${what} is compressed or in chunks, which is not supported`);
  const headBytes = isExtended ? EXTENDED_INODE_BYTES : COMPACT_INODE_BYTES;
  const inode = source.read(start, headBytes, what);
  const size = isExtended ? inode.readBigUInt64LE(8) : BigInt(inode.readUInt32LE(8));
  if (size > BigInt(source.sizeBytes)) throw new ArchiveError(`${what} is larger than the image`);
  const sizeBytes = Number(size);
  const xattrCount = inode.readUInt16LE(2);
  const xattrBytes = xattrCount === 0 ? 0 : 12 + 4 * (xattrCount - 1);
  const ranges = rangesOf(sizeBytes, inode.readUInt32LE(16) * BLOCK_BYTES, layout, start + headBytes + xattrBytes);
  for (const range of ranges) source.contentAt(range.offset, range.sizeBytes, what); // checks the bounds
  return {
    mode: inode.readUInt16LE(4),
    uid: isExtended ? inode.readUInt32LE(24) : inode.readUInt16LE(24),
    gid: isExtended ? inode.readUInt32LE(28) : inode.readUInt16LE(26),
    sizeBytes,
    ranges,
  };
}

/** Where the data is: in blocks, except that the inline layout has the part after the last full block behind the inode. */
function rangesOf(sizeBytes: number, dataOffset: number, layout: number, tailOffset: number) {
  const tailBytes = layout === LAYOUT.flatInline ? sizeBytes % BLOCK_BYTES : 0;
  const blockBytes = sizeBytes - tailBytes;
  return [
    ...(blockBytes > 0 ? [{ offset: dataOffset, sizeBytes: blockBytes }] : []),
    ...(tailBytes > 0 ? [{ offset: tailOffset, sizeBytes: tailBytes }] : []),
  ];
}

function readEntry(image: Image, nid: number, path: string): TreeEntry {
  const { mode, uid, gid, sizeBytes, ranges } = readInode(image, nid);
  const common = { ...(uid === 0 ? {} : { uid }), ...(gid === 0 ? {} : { gid }) };
  const permissions = mode & 0o7777;
  switch (mode & FILE_TYPE.mask) {
    case FILE_TYPE.directory:
      return { ...common, type: "directory", mode: permissions };
    case FILE_TYPE.file:
      return { ...common, type: "file", mode: permissions, content: { archive: image.file, ranges, sizeBytes } };
    case FILE_TYPE.symlink: {
      if (sizeBytes > MAX_LINK_BYTES)
        throw new ArchiveError(`the link '/${path}' is longer than ${MAX_LINK_BYTES} bytes`);
      return { ...common, type: "symlink", target: decodeName(readRanges(image, ranges, `the link '/${path}'`)) };
    }
    default:
      return rejectType(path, "device, FIFO or socket");
  }
}

const readRanges = ({ source }: Image, ranges: readonly ArchiveRange[], what: string): Buffer =>
  Buffer.concat(ranges.map(({ offset, sizeBytes }) => Buffer.from(source.read(offset ?? 0, sizeBytes, what))));

/** The entries of a directory without `.` and `..`. */
function* readDirectory(image: Image, nid: number): Generator<{ name: string; nid: number }> {
  const { mode, sizeBytes, ranges } = readInode(image, nid);
  if ((mode & FILE_TYPE.mask) !== FILE_TYPE.directory) throw new ArchiveError(`inode ${nid} is not a directory`);
  if (sizeBytes > MAX_DIRECTORY_BYTES) throw new ArchiveError(`directory ${nid} has more than 256 MiB`);
  const bytes = readRanges(image, ranges, `directory ${nid}`);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    yield* readDirectoryBlock(bytes.subarray(at, at + BLOCK_BYTES), nid);
  }
}

function* readDirectoryBlock(block: Buffer, directory: number): Generator<{ name: string; nid: number }> {
  const damaged = (): ArchiveError => new ArchiveError(`directory ${directory} is damaged`);
  const firstName = block.length < DIRENT_BYTES ? 0 : block.readUInt16LE(8);
  if (firstName < DIRENT_BYTES || firstName % DIRENT_BYTES !== 0 || firstName > block.length) throw damaged();
  for (let at = 0; at < firstName; at += DIRENT_BYTES) {
    const start = block.readUInt16LE(at + 8);
    const end = at + DIRENT_BYTES < firstName ? block.readUInt16LE(at + DIRENT_BYTES + 8) : block.length;
    if (start < firstName || end <= start || end > block.length) throw damaged();
    const raw = block.subarray(start, end);
    const padding = raw.indexOf(0);
    const name = decodeName(padding < 0 ? raw : raw.subarray(0, padding));
    if (name === "" || name.includes("/") || Buffer.byteLength(name) > MAX_NAME_BYTES) throw damaged();
    const nid = block.readBigUInt64LE(at);
    if (nid > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged();
    if (name !== "." && name !== "..") yield { name, nid: Number(nid) };
  }
}
