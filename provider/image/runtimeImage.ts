/** What a runtime provides to an image: a kernel, and optionally a base tree below the root file system. */
import { UnikernelError } from "../base/errors";
import { type Platform, formatPlatform } from "./oci/descriptor";
import type { LayerRef } from "./oci/layer";
import { parseReference } from "./oci/reference";
import type { DescribedImage } from "./oci/storedImage";
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
  /** What the base tree needs in addition to mount an EROFS image; `undefined` when it cannot, or when there is no base tree. */
  readonly erofsFiles?: FileTree;
  /** Default of images built on it; `undefined` for none. */
  readonly cmd?: readonly string[];
  /** Environment of images built on it; their own variables take precedence. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What an image is built on: a runtime, or a kernel of its own, or nothing but a platform. */
export type ImageBase = Omit<RuntimeImage, "kernelLayer"> & {
  /** `undefined` for an image that boots with the kernel of the node, and for an image of ROMs. */
  readonly kernelLayer?: LayerRef | undefined;
};

/** A runtime as its documents describe it. Throws `RUNTIME_UNAVAILABLE` for an image without a kernel. */
export function toRuntimeImage(
  reference: string,
  image: DescribedImage | undefined,
  baseTree?: RuntimeImage["baseTree"],
): RuntimeImage {
  if (image?.kernel === undefined) {
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `Runtime '${reference}' contains no kernel.`, {
      hint: "Use an image that is a runtime, such as 'base:latest'.",
    });
  }
  return {
    reference,
    platform: image.platform,
    kernelLayer: image.kernel,
    cmd: image.cmd,
    env: image.env,
    ...(image.initrd === undefined ? {} : { initrdLayer: image.initrd }),
    ...(baseTree === undefined ? {} : { baseTree }),
  };
}

/**
 * The error for targets that a runtime lacks.
 *
 * @param offered the runtime's platforms, as a list for a message
 */
export function unsupportedTargetsError(
  reference: string,
  targets: readonly Platform[],
  offered: string,
): UnikernelError {
  const wanted = targets.map((target) => formatPlatform(target)).join(", ");
  return new UnikernelError(
    "KRAFTFILE_INVALID",
    `The Kraftfile's targets are ${wanted}, but the runtime '${reference}' is built for ${offered}.`,
    { property: "context", hint: "Name only platforms of the runtime in 'targets', or remove 'targets'." },
  );
}
