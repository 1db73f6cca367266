/** The digest that an image will have, before it is built. */
import type { Digest } from "../../base/digest";
import type { ImageBase } from "../runtimeImage";
import { packImage } from "./pack/packImage";
import type { BuildPlan } from "./planBuild";

/** A digest, the size that goes with it, and what building the image would warn of. */
export interface ComputedDigest {
  readonly digest: Digest;
  /** Total bytes of the image's blobs, each counted once. */
  readonly sizeBytes: number;
  readonly warnings: readonly string[];
}

/** True if packing files of this machine gives the digest; false if a builder or a registry has to provide files first. */
export const isComputable = ({ kernel, rootfs, roms }: BuildPlan): boolean =>
  kernel.type !== "compile" &&
  [rootfs, ...roms.map((rom) => rom.rootfs)].every(({ type }) => type === "none" || type === "tree");

/**
 * Packs the image into a hash; stores nothing. The plan must be {@link isComputable}.
 *
 * Throws what {@link packImage} throws for the plan: `CONTEXT_INVALID`, `KRAFTFILE_INVALID`.
 */
export async function computeDigest(
  plan: BuildPlan,
  bases: readonly ImageBase[],
  signal?: AbortSignal,
): Promise<ComputedDigest> {
  const warnings: string[] = [];
  const { digest, sizeBytes } = await packImage(plan, bases, {
    layout: undefined,
    repository: plan.name,
    onWarning: (warning) => warnings.push(warning),
    ...(signal === undefined ? {} : { signal }),
  });
  return { digest, sizeBytes, warnings };
}
