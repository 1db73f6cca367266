/** Builds a planned image into a layout. */
import type { Platform } from "../oci/descriptor";
import type { ImageBase, RuntimeImage } from "../runtimeImage";
import { resolveKernel } from "./kernel/resolveKernel";
import type { BuiltImage, PackOptions } from "./pack/options";
import { packImage } from "./pack/packImage";
import type { BuildPlan } from "./planBuild";

/** What and where to build. */
export interface BuildOptions extends PackOptions {
  /**
   * Fetches or builds the Kraftfile's runtime, for each of the targets or, without targets, for VMs; throws `RUNTIME_UNAVAILABLE` on
   * failure, `KRAFTFILE_INVALID` for a missing target.
   */
  readonly resolveRuntime: (reference: string, targets: readonly Platform[]) => Promise<readonly RuntimeImage[]>;
}

/**
 * Packs a plan into the layout. The build is reproducible: the same plan and runtime give the same digest. Blobs that
 * the layout already has are not rewritten. Aborting leaves no partial image.
 *
 * Throws `CONTEXT_INVALID` (a file of the context changed, or collides with the runtime's own), `KRAFTFILE_INVALID`
 * (the runtime lacks a target), `NO_SPACE`, `BUILD_FAILED`, and whatever `resolveRuntime` throws.
 */
export async function buildImage(plan: BuildPlan, options: BuildOptions): Promise<BuiltImage> {
  options.signal?.throwIfAborted();
  return packImage(plan, await resolveBases(plan, options), options);
}

/** The kernel of each platform of the image. Throws as {@link resolveKernel}. */
export async function resolveBases(
  { kernel, scratch, digests }: BuildPlan,
  { resolveRuntime, signal, onProgress = () => undefined }: BuildOptions,
): Promise<readonly ImageBase[]> {
  const report = (message: string): void => onProgress({ step: "runtime", message });
  return resolveKernel(kernel, { resolveRuntime, scratch, digests, signal, onProgress: report });
}
