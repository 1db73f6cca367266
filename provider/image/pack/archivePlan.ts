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

/** A ROM is a whole number of pages. Source: unikraft-cloud/x `image-spec`. */
const ROM_PAGE_BYTES = 4096;

/** Pads an archive with zeros to a ROM. */
export function planRom(archive: ArchivePlan): ArchivePlan {
  const padding = paddingBytes(archive.sizeBytes, ROM_PAGE_BYTES);
  return {
    sizeBytes: archive.sizeBytes + padding,
    *parts() {
      yield* archive.parts();
      if (padding > 0) yield padding;
    },
  };
}

/** Number of padding bytes that round `length` up to a multiple of `block`. */
export const paddingBytes = (length: number, block: number): number => (block - (length % block)) % block;
