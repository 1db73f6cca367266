/** What a preview can know of the digest that an image will have. */
import type { Digest } from "../../base/digest";
import { localPaths } from "../../base/localPaths";
import { computeDigest, isComputable } from "../../image/build/computeDigest";
import type { BuildPlan } from "../../image/build/planBuild";
import { findBuiltImage } from "../../image/cache/buildOnce";
import { imageKey, loadImageDigest, saveImageDigest } from "../../image/cache/imageDigests";
import type { CredentialSource } from "../../image/registry/auth/credentials";
import { resolvePlannedRuntime } from "../../image/resolveRuntime";
import { UnikernelError } from "../../base/errors";
import { resolveKernel } from "../../image/build/kernel/resolveKernel";
import type { ImageBase } from "../../image/runtimeImage";

/** A digest and a size, as far as they are known, and what the preview warns of. */
export interface PlannedDigest {
  /** `undefined` if only the build can tell. */
  readonly digest?: Digest | undefined;
  /** Total bytes of the image's blobs; `undefined` if only the build can tell. */
  readonly sizeBytes?: number | undefined;
  readonly warnings: readonly string[];
}

/**
 * The digest that the build of a plan will give. Known if packing files of this machine gives it; for a Dockerfile and for the image of a
 * registry, only if this machine has built the same before and the metro is `local`, since a machine that applies the plan for another
 * metro may have built nothing. Not known either without the runtime.
 *
 * Throws `CONTEXT_INVALID` and `KRAFTFILE_INVALID` for what the build would reject.
 */
export async function planDigest(
  plan: BuildPlan,
  { metro, credentials }: { readonly metro: string | undefined; readonly credentials: CredentialSource | undefined },
): Promise<PlannedDigest> {
  const { warnings } = plan;
  const bases = await findBases(plan, credentials);
  if (bases === undefined) return { warnings };
  if (isComputable(plan)) return packDigest(plan, bases);
  if (metro !== "local") return { warnings };
  const built = await findBuiltImage(plan, bases, { layout: localPaths().imagesDir });
  return { digest: built?.root.digest, warnings };
}

/** The base of each platform, if this machine has them without downloading or compiling anything. */
async function findBases(
  plan: BuildPlan,
  credentials: CredentialSource | undefined,
): Promise<readonly ImageBase[] | undefined> {
  const { kernel, scratch, digests } = plan;
  if (kernel.type === "compile") return undefined;
  if (kernel.type === "runtime") return resolvePlannedRuntime(kernel.reference, kernel.targets, { credentials });
  const resolveRuntime = (): Promise<never> => Promise.reject(new UnikernelError("BUG", "The plan has no runtime."));
  return resolveKernel(kernel, { resolveRuntime, scratch, digests, onProgress: () => undefined });
}

/** Packs into a hash, unless the result is known from an earlier preview. */
async function packDigest(plan: BuildPlan, bases: readonly ImageBase[]): Promise<PlannedDigest> {
  const { warnings } = plan;
  const key = await imageKey(plan, bases);
  const known = await loadImageDigest(key);
  if (known !== undefined) return { ...known, warnings };
  const computed = await computeDigest(plan, bases);
  // With further warnings it is packed again, so that the next preview has them too.
  if (computed.warnings.length === warnings.length) await saveImageDigest(key, computed);
  return computed;
}
