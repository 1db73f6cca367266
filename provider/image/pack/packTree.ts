/** Packs a file tree in one of the formats of root file systems. */
import { assertCpio, planCpio } from "../cpio/write";
import { assertErofs, planErofs } from "../erofs/write";
import type { FileTree } from "../rootfs/tree";
import type { ArchivePlan } from "./archivePlan";
import { type PackOptions, type PackSink, type PackedArchive, packArchive } from "./packArchive";

/** Format of a root file system: `cpio` is unpacked into memory at boot, `erofs` is read where it is. */
export type RootfsFormat = "cpio" | "erofs";

/**
 * Plans the archive of a tree: its size is known before any file is read. Throws `CONTEXT_INVALID` that lists all entries that the
 * format cannot store.
 */
export const planTree = (tree: FileTree, format: RootfsFormat): ArchivePlan =>
  format === "cpio" ? planCpio(tree) : planErofs(tree);

/** Throws `CONTEXT_INVALID` as {@link planTree}, in less time. */
export const assertPackable = (tree: FileTree, format: RootfsFormat): void =>
  format === "cpio" ? assertCpio(tree) : assertErofs(tree);

/**
 * Packs a tree into a file, or into a hash only; both give the same digest. Each file is read once. Equal trees give equal bytes.
 *
 * Throws as {@link planTree} and {@link packArchive}.
 */
export async function packTree(
  tree: FileTree,
  format: RootfsFormat,
  sink: PackSink,
  options: PackOptions = {},
): Promise<PackedArchive> {
  return packArchive(planTree(tree, format), sink, options);
}
