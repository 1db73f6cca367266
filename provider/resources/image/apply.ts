/** Builds a GatewayImage into the image layout. */
import { withTemporaryFolder } from "../../base/files";
import { type BuiltImage, buildImage } from "../../image/build/buildImage";
import { planBuild } from "../../image/build/planBuild";
import { createProgressReporter } from "../../image/build/progress";
import { resolveRuntime } from "../../image/resolveRuntime";
import type { ProviderContext } from "../context";
import { toGivenFiles } from "./files";
import type { ImageInputs } from "./inputs";

/** Builds the image that the inputs describe, and prints progress. */
export async function buildFromInputs(
  context: ProviderContext,
  { context: folder, kraftfile, files, build, preserveModes, contextHash, name = "" }: ImageInputs,
): Promise<BuiltImage> {
  const progress = createProgressReporter(`Image '${name}'`, context.printProgress);
  try {
    return await withTemporaryFolder(async (scratch) => {
      const plan = await planBuild({
        ...{ context: folder, files: toGivenFiles(files), build, preserveModes, name, scratch, signal: context.signal },
        expectedHash: contextHash,
        ...(kraftfile === undefined ? {} : { kraftfile }),
      });
      return await buildImage(plan, {
        layout: context.imageLayout,
        repository: name,
        resolveRuntime: (reference) =>
          resolveRuntime(reference, { signal: context.signal, onProgress: progress.report }),
        signal: context.signal,
        onProgress: ({ message }) => progress.report(message),
        onWarning: (warning) => context.printProgress(`Image '${name}': ${warning}`),
      });
    });
  } finally {
    progress.end();
  }
}
