/** Packs a file tree as a `newc` CPIO archive, the initrd format of Linux and Unikraft. */
import { type ArchivePart, type ArchivePlan, paddingBytes } from "../pack/archivePlan";
import { assertEntries, isLonger } from "../pack/entryProblems";
import { type PackedArchive, packArchive } from "../pack/packArchive";
import { type PathEntry, completeTree } from "../rootfs/completeTree";
import { sizeOf, type FileTree, type TreeEntry } from "../rootfs/tree";
import {
  ALIGNMENT,
  ARCHIVE_BLOCK_BYTES,
  FILE_TYPE,
  MAX_FILE_BYTES,
  MAX_NAME_BYTES,
  TRAILER_NAME,
  encodeHeader,
  encodedHeaderBytes,
} from "./header";

/**
 * A sentence that says why the format cannot store an entry, with its path; `undefined` when it can. Limits: files up
 * to 4 GiB minus one byte, names and link targets up to 4095 bytes.
 */
function findEntryProblem([path, entry]: PathEntry): string | undefined {
  if (isLonger(path, MAX_NAME_BYTES)) {
    return `The path '/${path.slice(0, 60)}…' is longer than ${MAX_NAME_BYTES} bytes, the limit of an initrd.`;
  }
  if (path === TRAILER_NAME) return `A file cannot be named '${TRAILER_NAME}': that name marks the end of an initrd.`;
  if (entry.type === "file" && sizeOf(entry.content) > MAX_FILE_BYTES) {
    return `'/${path}' has ${sizeOf(entry.content)} bytes; a file in a CPIO archive must be smaller than 4 GiB. Split it, pack the image as EROFS, or put the file on a Volume.`;
  }
  if (entry.type === "symlink" && isLonger(entry.target, MAX_NAME_BYTES)) {
    return `The link '/${path}' has a target longer than ${MAX_NAME_BYTES} bytes.`;
  }
  return undefined;
}

/** Throws `CONTEXT_INVALID` as {@link planCpio}. */
export const assertCpio = (tree: FileTree): void => assertEntries(completeTree(tree), findEntryProblem);

/**
 * Plans the archive of a tree. It is reproducible: names are sorted, times are zero, and inode numbers are sequential. Of hard
 * links, the first name carries the content: Linux, GNU cpio and Unikraft (lib/ukcpio) read that, but Unikraft ignores the content
 * of later names.
 *
 * Throws `CONTEXT_INVALID` that lists all entries that the format cannot store: files over 4 GiB, paths and link targets over 4095
 * bytes.
 */
export function planCpio(tree: FileTree): ArchivePlan {
  assertCpio(tree);
  const rows = completeTree(tree);
  const contentBytes = sumBytes(rows);
  const sizeBytes = contentBytes + paddingBytes(contentBytes, ARCHIVE_BLOCK_BYTES);
  return {
    sizeBytes,
    *parts() {
      yield* encodeRows(rows);
      yield sizeBytes - contentBytes;
    },
  };
}

/**
 * Writes the archive to `file` and returns its size and digest.
 *
 * Throws as {@link planCpio} and {@link packArchive}.
 */
export async function writeCpio(tree: FileTree, file: string, signal?: AbortSignal): Promise<PackedArchive> {
  return packArchive(planCpio(tree), { file }, { signal });
}

/** Size of the archive without its last padding. */
function sumBytes(rows: readonly PathEntry[]): number {
  const seen = new Set<TreeEntry>();
  let sum = encodedHeaderBytes(TRAILER_NAME);
  for (const [name, entry] of rows) {
    sum += encodedHeaderBytes(name);
    if (entry.type === "directory" || seen.has(entry)) continue;
    if (entry.type === "file") seen.add(entry);
    const dataBytes = entry.type === "file" ? sizeOf(entry.content) : Buffer.byteLength(entry.target);
    sum += dataBytes + paddingBytes(dataBytes, ALIGNMENT);
  }
  return sum;
}

function* encodeRows(rows: readonly PathEntry[]): Generator<ArchivePart> {
  const links = countLinks(rows);
  const inodes = new Map<TreeEntry, number>();
  let lastInode = 0;
  for (const [name, entry] of rows) {
    const { uid = 0, gid = 0 } = entry;
    const linked = links.has(entry) ? inodes.get(entry) : undefined;
    const common = { inode: linked ?? ++lastInode, uid, gid, name };
    if (entry.type === "directory") {
      yield encodeHeader({ ...common, mode: FILE_TYPE.directory | entry.mode, links: 2, fileBytes: 0 });
      continue;
    }
    if (entry.type === "symlink") {
      const target = Buffer.from(entry.target);
      yield encodeHeader({ ...common, mode: FILE_TYPE.symlink | 0o777, links: 1, fileBytes: target.length });
      yield target;
      yield paddingBytes(target.length, ALIGNMENT);
      continue;
    }
    const linkCount = links.get(entry) ?? 1;
    if (linkCount > 1) inodes.set(entry, common.inode);
    const fileBytes = linked === undefined ? sizeOf(entry.content) : 0;
    yield encodeHeader({ ...common, mode: FILE_TYPE.file | entry.mode, links: linkCount, fileBytes });
    if (linked !== undefined) continue;
    yield { name, content: entry.content };
    yield paddingBytes(fileBytes, ALIGNMENT);
  }
  yield encodeHeader({ inode: 0, mode: 0, uid: 0, gid: 0, links: 1, fileBytes: 0, name: TRAILER_NAME });
}

/** Number of names of each file that has several. */
function countLinks(rows: readonly PathEntry[]): Map<TreeEntry, number> {
  const seen = new Set<TreeEntry>();
  const links = new Map<TreeEntry, number>();
  for (const [, entry] of rows) {
    if (entry.type !== "file") continue;
    if (seen.has(entry)) links.set(entry, (links.get(entry) ?? 1) + 1);
    else seen.add(entry);
  }
  return links;
}
