/** Builds a GatewayImage into the image layout. */
import { withTemporaryFolder } from "../../base/files";
import type { BuiltImage } from "../../image/build/buildImage";
import { planBuild } from "../../image/build/planBuild";
import { createProgressReporter } from "../../image/build/progress";
import { buildOnce } from "../../image/cache/buildOnce";
import { withSavedDigests } from "../../image/cache/savedDigests";
import { resolveRuntime } from "../../image/resolveRuntime";
import type { FileDigests } from "../../image/pack/fileDigests";
import type { ProviderContext } from "../context";
import type { ImageInputs } from "./inputs";

/** Builds the image that the inputs describe, and prints progress. */
export async function buildFromInputs(
  context: ProviderContext,
  { context: folder, kraftfile, files, build, preserveModes, name = "", digest }: ImageInputs,
): Promise<BuiltImage> {
  const progress = createProgressReporter(`Image '${name}'`, context.printProgress);
  try {
    return await withFiles(folder, kraftfile, async (scratch, digests) => {
      const plan = await planBuild({
        ...{ context: folder, files, build, preserveModes, name, scratch, digests, signal: context.signal },
        ...(kraftfile === undefined ? {} : { kraftfile }),
      });
      return await buildOnce(plan, {
        layout: context.imageLayout,
        repository: name,
        resolveRuntime: (reference) =>
          resolveRuntime(reference, { signal: context.signal, onProgress: progress.report }),
        signal: context.signal,
        onProgress: ({ message }) => progress.report(message),
        onWarning: (warning) => {
          // The check has reported all of them if it knew the digest, and else those of the plan.
          if (digest === undefined && !plan.warnings.includes(warning))
            context.printProgress(`Image '${name}': ${warning}`);
        },
      });
    });
  } finally {
    progress.end();
  }
}

/** Runs `work` with a folder for temporary files and the known digests of the context. */
const withFiles = <T>(
  context: string,
  kraftfile: string | undefined,
  work: (scratch: string, digests: FileDigests) => Promise<T>,
): Promise<T> =>
  withTemporaryFolder((scratch) => withSavedDigests(context, kraftfile, (digests) => work(scratch, digests)));
