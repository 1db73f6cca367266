/** The digest that an image will have, before it is built. */
import type { Digest } from "../../base/digest";
import type { RuntimeImage } from "../runtimeImage";
import { buildImage } from "./buildImage";
import type { BuildPlan } from "./planBuild";

/** A digest, and what building the image would warn of. */
export interface ComputedDigest {
  readonly digest: Digest;
  readonly warnings: readonly string[];
}

/** True if packing files of this machine gives the digest; false if a builder or a registry has to provide files first. */
export const isComputable = ({ rootfs }: BuildPlan): boolean => rootfs.type === "none" || rootfs.type === "tree";

/**
 * Packs the image into a hash; stores nothing. The plan must be {@link isComputable}.
 *
 * Throws what {@link buildImage} throws for the plan: `CONTEXT_INVALID`, `KRAFTFILE_INVALID`.
 */
export async function computeDigest(
  plan: BuildPlan,
  runtime: RuntimeImage,
  signal?: AbortSignal,
): Promise<ComputedDigest> {
  const warnings: string[] = [];
  const { digest } = await buildImage(plan, {
    layout: undefined,
    repository: plan.name,
    resolveRuntime: () => Promise.resolve(runtime),
    onWarning: (warning) => warnings.push(warning),
    ...(signal === undefined ? {} : { signal }),
  });
  return { digest, warnings };
}
