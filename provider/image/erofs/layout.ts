/** Decides where each inode and its data goes in an EROFS image. Pure. */
import { parentOf, compareBytes, type PathEntry } from "../rootfs/completeTree";
import { sizeOf, type TreeEntry } from "../rootfs/tree";
import { directoryBytes } from "./directory";
import {
  BLOCK_BYTES,
  COMPACT_INODE_BYTES,
  EXTENDED_INODE_BYTES,
  SLOT_BYTES,
  SUPER_BYTES,
  SUPER_OFFSET,
} from "./format";

/** An inode with its place. */
export interface Inode {
  /** The first of its paths; "" for the root. */
  readonly path: string;
  readonly entry: TreeEntry;
  /** Number among the inodes, from 1. */
  readonly number: number;
  /** Offset in the image divided by {@link SLOT_BYTES}. */
  readonly nid: number;
  readonly isExtended: boolean;
  readonly links: number;
  readonly sizeBytes: number;
  /** First block of the data; 0 when there is none. */
  readonly firstBlock: number;
}

/** A name in a directory. */
export interface Child {
  readonly name: string;
  readonly inode: Inode;
}

/** An image's inodes, in the order of their data, and its directories. */
export interface ErofsLayout {
  readonly root: Inode;
  readonly inodes: readonly Inode[];
  /** Children of each directory inode, sorted by name, and its parent. */
  readonly directories: ReadonlyMap<Inode, { readonly parent: Inode; readonly children: readonly Child[] }>;
  /** Bytes before the first data block. */
  readonly metadataBytes: number;
  readonly blockCount: number;
}

type Draft = { -readonly [Key in keyof Inode]: Inode[Key] };

const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffffffff;

/**
 * Lays out complete rows in byte order. Inodes come first, the root before all others because its number has only 16 bits, then
 * directories and links, then files; each starts at a block. No data is packed behind its inode: the vendor's writer does not do so
 * either, and not every reader supports it.
 */
export function layOut(rows: readonly PathEntry[]): ErofsLayout {
  const root = newInode("", { type: "directory", mode: 0o755 });
  const inodes = [root];
  const folders = new Map<string, { readonly inode: Draft; readonly children: { name: string; inode: Draft }[] }>();
  folders.set("", { inode: root, children: [] });
  const linked = new Map<TreeEntry, Draft>();
  for (const [path, entry] of rows) {
    const known = entry.type === "file" ? linked.get(entry) : undefined;
    const inode = known ?? newInode(path, entry);
    if (known !== undefined) known.links += 1;
    else {
      inodes.push(inode);
      if (entry.type === "file") linked.set(entry, inode);
    }
    const parent = folders.get(parentOf(path));
    parent?.children.push({ name: path.slice(path.lastIndexOf("/") + 1), inode });
    if (entry.type !== "directory") continue;
    folders.set(path, { inode, children: [] });
    if (parent !== undefined) parent.inode.links += 1;
  }
  const directories = new Map<Inode, { parent: Inode; children: readonly Child[] }>();
  for (const [path, { inode, children }] of folders) {
    children.sort((a, b) => compareBytes(a.name, b.name));
    inode.sizeBytes = directoryBytes(withDots(children.map(({ name }) => name)).map((name) => Buffer.byteLength(name)));
    directories.set(inode, { parent: folders.get(parentOf(path))?.inode ?? root, children });
  }
  const metadataBytes = placeInodes(inodes);
  const ordered = [
    ...inodes.filter(({ entry }) => entry.type !== "file"),
    ...inodes.filter(({ entry }) => entry.type === "file"),
  ];
  let block = Math.ceil(metadataBytes / BLOCK_BYTES);
  for (const inode of ordered) {
    if (inode.sizeBytes === 0) continue;
    inode.firstBlock = block;
    block += Math.ceil(inode.sizeBytes / BLOCK_BYTES);
  }
  return { root, inodes: ordered, directories, metadataBytes, blockCount: block };
}

/** Sorted names with `.` and `..` among them: some characters sort before a dot. */
export const withDots = (names: readonly string[]): string[] => [...names, ".", ".."].sort(compareBytes);

function newInode(path: string, entry: TreeEntry): Draft {
  const sizeBytes =
    entry.type === "file" ? sizeOf(entry.content) : entry.type === "symlink" ? Buffer.byteLength(entry.target) : 0;
  return {
    path,
    entry,
    number: 0,
    nid: 0,
    isExtended: false,
    links: entry.type === "directory" ? 2 : 1,
    sizeBytes,
    firstBlock: 0,
  };
}

/** Places the inodes one after the other, none across a block, and returns the end of the last. */
function placeInodes(inodes: readonly Draft[]): number {
  let offset = SUPER_OFFSET + SUPER_BYTES;
  for (const [index, inode] of inodes.entries()) {
    const { uid = 0, gid = 0 } = inode.entry;
    inode.isExtended = inode.sizeBytes > MAX_UINT32 || inode.links > MAX_UINT16 || uid > MAX_UINT16 || gid > MAX_UINT16;
    const bytes = inode.isExtended ? EXTENDED_INODE_BYTES : COMPACT_INODE_BYTES;
    const left = BLOCK_BYTES - (offset % BLOCK_BYTES);
    if (bytes > left) offset += left;
    inode.number = index + 1;
    inode.nid = offset / SLOT_BYTES;
    offset += bytes;
  }
  return offset;
}
