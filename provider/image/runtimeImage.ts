/** What a runtime provides to an image: a kernel, and optionally a base tree below the root file system. */
import type { Platform } from "./oci/descriptor";
import type { LayerRef } from "./oci/layer";
import { parseReference } from "./oci/reference";
import type { FileTree } from "./rootfs/tree";

/** Repository of the stand-in guest. */
export const LINUX_RUNTIME = "linux";

/** True for the stand-in guest, which no registry has. Throws `INPUT_INVALID` for an invalid reference. */
export function isStandInRuntime(reference: string): boolean {
  const { registry, repository } = parseReference(reference);
  return registry === undefined && repository === LINUX_RUNTIME;
}

/** A resolved runtime. */
export interface RuntimeImage {
  /** The reference it was resolved from, for messages. */
  readonly reference: string;
  readonly platform: Platform;
  /** Images reference this layer unchanged: same digest, same bytes. */
  readonly kernelLayer: LayerRef;
  /** The runtime's own initrd, used when an image brings no root file system; `undefined` when it has none. */
  readonly initrdLayer?: LayerRef;
  /**
   * Base files of every initrd on this runtime (its init, its kernel modules), on which the image's root file system is
   * overlaid. `undefined` for Unikraft runtimes, whose kernel needs none.
   */
  readonly baseTree?: FileTree;
  /** Default of images built on it; `undefined` for none. */
  readonly cmd?: readonly string[];
  /** Environment of images built on it; their own variables take precedence. */
  readonly env?: Readonly<Record<string, string>>;
}
