/** An archive whose size and order are known before any file is read. */
import type { FileContent } from "../rootfs/tree";

/** Bytes, a number of zero bytes, or the content of a file; `name` is its path in the tree, for messages. */
export type ArchivePart = Uint8Array | number | { readonly name: string; readonly content: FileContent };

/** What to write. `parts` may be called more than once. */
export interface ArchivePlan {
  /** Sum of all parts. */
  readonly sizeBytes: number;
  parts(): Iterable<ArchivePart>;
}

/** Number of padding bytes that round `length` up to a multiple of `block`. */
export const paddingBytes = (length: number, block: number): number => (block - (length % block)) % block;
