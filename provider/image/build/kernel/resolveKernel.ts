/** Provides the kernel of a planned image: resolves the runtime, packs the file, or compiles it. */
import * as path from "node:path";
import type { Digest } from "../../../base/digest";
import { LAYER_ENTRY, type Platform, formatPlatform } from "../../oci/descriptor";
import type { LayerRef } from "../../oci/layer";
import type { ArchivePlan } from "../../pack/archivePlan";
import { describeFile } from "../../pack/contentReader";
import type { FileDigests } from "../../pack/fileDigests";
import { planLayer } from "../../pack/layerPlan";
import { packArchive } from "../../pack/packArchive";
import type { DiskFile } from "../../rootfs/tree";
import type { ImageBase, RuntimeImage } from "../../runtimeImage";
import { compileKernel } from "./compileKernel";
import type { KernelPlan } from "./kernelPlan";

/** How to provide a kernel. */
export interface ResolveKernelOptions {
  /** Fetches or builds a runtime; throws `RUNTIME_UNAVAILABLE` on failure. */
  readonly resolveRuntime: (reference: string, targets: readonly Platform[]) => Promise<readonly RuntimeImage[]>;
  /** Folder for the layer, which stays until the image is stored. */
  readonly scratch: string;
  readonly digests: FileDigests;
  readonly signal?: AbortSignal | undefined;
  /** Called with each step, a clause. */
  readonly onProgress: (step: string) => void;
}

/**
 * The base of each platform of the image, in the order of the targets. Throws whatever `resolveRuntime` and `compileKernel` throw, and `CONTEXT_INVALID` if the file changed since it
 * was planned.
 */
export async function resolveKernel(kernel: KernelPlan, options: ResolveKernelOptions): Promise<readonly ImageBase[]> {
  const { resolveRuntime, signal, onProgress } = options;
  switch (kernel.type) {
    case "runtime":
      onProgress(`resolving the runtime '${kernel.reference}'`);
      return resolveRuntime(kernel.reference, kernel.targets);
    case "none":
      return kernel.platforms.map((platform) => ({ reference: "none", platform }));
    case "file": {
      const { label: reference, platform, file } = kernel;
      return [{ reference, platform, kernelLayer: await packKernel(file, reference, options) }];
    }
    case "compile": {
      const { projectFolder, kraftfile, projectName, platform } = kernel;
      onProgress(`compiling the kernel for ${formatPlatform(platform)} with kraft`);
      const file = await compileKernel({
        ...{ projectFolder, kraftfile, projectName, target: platform, signal },
        onProgress: (line) => onProgress(`kraft: ${line}`),
      });
      const label = path.relative(projectFolder, file);
      return [{ reference: label, platform, kernelLayer: await packKernel(describeFile(file), label, options) }];
    }
  }
}

async function packKernel(
  file: DiskFile,
  name: string,
  { scratch, digests, signal }: ResolveKernelOptions,
): Promise<LayerRef> {
  const blob = path.join(scratch, "kernel.tar");
  const plan: ArchivePlan = { sizeBytes: file.sizeBytes, parts: () => [{ name, content: file }] };
  const layer: { readonly digest: Digest; readonly sizeBytes: number } = await packArchive(
    planLayer(plan, LAYER_ENTRY.kernel),
    { file: blob },
    { signal, digests },
  );
  return { ...layer, blob, entry: LAYER_ENTRY.kernel };
}
