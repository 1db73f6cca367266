/**
 * Packs a file tree as an EROFS image: uncompressed, blocks of 4096 bytes. The image is reproducible: names are sorted, times and
 * UUID are zero.
 */
import { FILE_TYPE } from "../cpio/header";
import { type ArchivePart, type ArchivePlan, paddingBytes } from "../pack/archivePlan";
import { assertEntries, isLonger } from "../pack/entryProblems";
import { type PathEntry, compareBytes, completeTree } from "../rootfs/completeTree";
import type { FileTree } from "../rootfs/tree";
import { type DirectoryEntry, encodeDirectory } from "./directory";
import {
  BLOCK_BYTES,
  COMPACT_INODE_BYTES,
  COMPAT,
  EROFS_MAGIC,
  EXTENDED_INODE_BYTES,
  LAYOUT,
  MAX_LINK_BYTES,
  MAX_NAME_BYTES,
  SLOT_BYTES,
  SUPER,
  SUPER_OFFSET,
  superblockChecksum,
} from "./format";
import { type ErofsLayout, type Inode, layOut } from "./layout";

/**
 * Plans the image of a tree. Hard links share an inode. Files over 4 GiB, and owners and link counts over 65535, use extended inodes.
 *
 * Throws `CONTEXT_INVALID` that lists all entries that the format cannot store: names over 255 bytes, link targets that are empty or
 * over 4095 bytes.
 */
export function planErofs(tree: FileTree): ArchivePlan {
  assertErofs(tree);
  const layout = layOut(completeTree(tree));
  return {
    sizeBytes: layout.blockCount * BLOCK_BYTES,
    *parts() {
      yield encodeMetadata(layout);
      for (const inode of layout.inodes) {
        yield dataOf(inode, layout);
        yield paddingBytes(inode.sizeBytes, BLOCK_BYTES);
      }
    },
  };
}

/** Throws `CONTEXT_INVALID` as {@link planErofs}. */
export const assertErofs = (tree: FileTree): void => assertEntries(completeTree(tree), findEntryProblem);

function findEntryProblem([path, entry]: PathEntry): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isLonger(name, MAX_NAME_BYTES))
    return `The name '${name.slice(0, 60)}…' in '/${path.slice(0, 60)}' is longer than ${MAX_NAME_BYTES} bytes.`;
  if (entry.type !== "symlink") return undefined;
  if (entry.target === "") return `The link '/${path}' has no target.`;
  return isLonger(entry.target, MAX_LINK_BYTES)
    ? `The link '/${path}' has a target longer than ${MAX_LINK_BYTES} bytes.`
    : undefined;
}

/** Superblock and inodes, padded to a block. */
function encodeMetadata(layout: ErofsLayout): Buffer {
  const { metadataBytes, inodes, root, blockCount } = layout;
  const bytes = Buffer.alloc(metadataBytes + paddingBytes(metadataBytes, BLOCK_BYTES));
  for (const inode of inodes) encodeInode(inode, bytes);
  const superblock = bytes.subarray(SUPER_OFFSET, BLOCK_BYTES);
  superblock.writeUInt32LE(EROFS_MAGIC, SUPER.magic);
  superblock.writeUInt32LE(COMPAT.checksum | COMPAT.mtime, SUPER.featureCompat);
  superblock.writeUInt8(Math.log2(BLOCK_BYTES), SUPER.blockSizeBits);
  superblock.writeUInt16LE(root.nid, SUPER.rootNid);
  superblock.writeBigUInt64LE(BigInt(inodes.length), SUPER.inodeCount);
  superblock.writeUInt32LE(blockCount, SUPER.blockCount);
  superblock.writeUInt32LE(superblockChecksum(superblock), SUPER.checksum);
  return bytes;
}

function encodeInode({ entry, nid, number, isExtended, links, sizeBytes, firstBlock }: Inode, bytes: Buffer): void {
  const start = nid * SLOT_BYTES;
  const { uid = 0, gid = 0 } = entry;
  const permissions = entry.type === "symlink" ? 0o777 : entry.mode;
  const inode = bytes.subarray(start, start + (isExtended ? EXTENDED_INODE_BYTES : COMPACT_INODE_BYTES));
  inode.writeUInt16LE((LAYOUT.flatPlain << 1) | Number(isExtended), 0);
  inode.writeUInt16LE(FILE_TYPE[entry.type] | permissions, 4);
  inode.writeUInt32LE(firstBlock, 16);
  inode.writeUInt32LE(number, 20);
  if (isExtended) {
    inode.writeBigUInt64LE(BigInt(sizeBytes), 8);
    inode.writeUInt32LE(uid, 24);
    inode.writeUInt32LE(gid, 28);
    inode.writeUInt32LE(links, 44);
  } else {
    inode.writeUInt16LE(links, 6);
    inode.writeUInt32LE(sizeBytes, 8);
    inode.writeUInt16LE(uid, 24);
    inode.writeUInt16LE(gid, 26);
  }
}

function dataOf(inode: Inode, { directories }: ErofsLayout): ArchivePart {
  const { entry, path } = inode;
  if (entry.type === "file") return { name: path, content: entry.content };
  if (entry.type === "symlink") return Buffer.from(entry.target);
  const { parent, children } = directories.get(inode) ?? { parent: inode, children: [] };
  const entries = [{ name: ".", inode }, { name: "..", inode: parent }, ...children].sort((a, b) =>
    compareBytes(a.name, b.name),
  );
  return encodeDirectory(
    entries.map((child): DirectoryEntry => ({
      name: Buffer.from(child.name),
      nid: child.inode.nid,
      type: child.inode.entry.type,
    })),
  );
}
