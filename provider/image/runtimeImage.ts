/** What a runtime brings to an image: a kernel, and perhaps a system to lay the root file system over. */
import type { Platform } from "./oci/descriptor";
import type { LayerRef } from "./oci/layer";
import type { FileTree } from "./rootfs/tree";

/** A runtime that is at hand, wherever it came from. */
export interface RuntimeImage {
  /** The reference it was resolved from, for messages. */
  readonly reference: string;
  readonly platform: Platform;
  /** Taken over into images by descriptor: same digest, same bytes. */
  readonly kernelLayer: LayerRef;
  /** The runtime's own initrd, used when an image brings no root file system; `undefined` when it has none. */
  readonly initrdLayer?: LayerRef;
  /**
   * Files that every initrd on this runtime starts from (its init, its kernel modules); the image's root file system
   * is laid over it. `undefined` for Unikraft runtimes, whose kernel needs none.
   */
  readonly baseTree?: FileTree;
  /** Defaults of images built on it. */
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
