/** Builds a GatewayImage into the image layout, and pushes it to its registry. */
import { withTemporaryFolder } from "../../base/files";
import type { BuiltImage } from "../../image/build/pack/options";
import { type BuildPlan, planBuild } from "../../image/build/planBuild";
import { type ProgressReporter, createProgressReporter } from "../../image/build/progress";
import { buildOnce } from "../../image/cache/buildOnce";
import { loadHashKey } from "../../image/cache/hashKey";
import { withSavedDigests } from "../../image/cache/savedDigests";
import { type AttestOptions, attestImage } from "../../image/attest/attestImage";
import { signerFromCommand, signerFromPem } from "../../image/attest/signer";
import { openLayout } from "../../image/oci/layout";
import type { FileDigests } from "../../image/pack/fileDigests";
import { type PushProgress, pushImage } from "../../image/registry/push";
import { resolveRuntime } from "../../image/resolveRuntime";
import { isStandInRuntime } from "../../image/runtimeImage";
import type { ProviderContext } from "../context";
import { toGivenFiles } from "./files";
import type { ImageInputs } from "./inputs";
import { type ImageDestination, imageRef } from "./reference";
import { credentialSource } from "./registryAccess";

/** A push reports each time it has sent this much more. */
const PUSH_REPORT_BYTES = 32 * 2 ** 20;

/** Builds the image that the inputs describe, pushes it if its destination is a registry, and prints progress. */
export async function buildAndPush(
  context: ProviderContext,
  inputs: ImageInputs,
  destination: ImageDestination,
): Promise<BuiltImage> {
  const { context: folder, kraftfile, files, build, preserveModes, name = "", contextHash, digest } = inputs;
  // A key that cannot sign fails before anything is built.
  const attest = toAttestOptions(inputs);
  const progress = createProgressReporter(`Image '${name}'`, context.printProgress);
  const access = { credentials: credentialSource(context, destination, inputs), signal: context.signal };
  try {
    return await withFiles(folder, kraftfile, async (scratch, digests) => {
      const plan = await planBuild({
        ...{ context: folder, files: toGivenFiles(files), build, preserveModes, name, scratch, digests },
        ...{ expectedHash: contextHash, hashKey: await loadHashKey(), signal: context.signal },
        ...(kraftfile === undefined ? {} : { kraftfile }),
      });
      const built = await buildOnce(plan, {
        layout: context.imageLayout,
        repository: destination.repository,
        resolveRuntime: (reference, targets) =>
          resolveRuntime(reference, targets, { ...access, onProgress: progress.report }),
        signal: context.signal,
        onProgress: ({ message }) => progress.report(message),
        onWarning: (warning) => {
          // The check has reported all of them if it knew the digest, and else those of the plan.
          if (digest === undefined && !plan.warnings.includes(warning))
            context.printWarning(`Image '${name}': ${warning}`);
        },
      });
      const layout = openLayout(context.imageLayout);
      const ref = imageRef(destination, built.digest);
      for (const target of inputs.exportTo) {
        progress.report(`writing the image to '${target}'`);
        await pushImage(layout, ref, target, access);
      }
      if (!destination.isPushed) return built;
      const { repository } = destination;
      progress.report(`pushing to '${repository}'`);
      await pushImage(layout, ref, repository, {
        ...access,
        mountFrom: mountableRuntime(plan),
        onProgress: reportPush(progress),
      });
      if (attest !== undefined) {
        progress.report("attaching documents and signature");
        await attestImage({ layout: layout.folder, repository, digest: built.digest, plan }, attest, access);
      }
      return built;
    });
  } finally {
    progress.end();
  }
}

/** The image whose kernel a registry may have already; `undefined` for a kernel that no registry has. */
const mountableRuntime = ({ kernel }: BuildPlan): string | undefined =>
  kernel.type !== "runtime" || isStandInRuntime(kernel.reference) ? undefined : kernel.reference;

/** Runs `work` with a folder for temporary files and the known digests of the context. */
const withFiles = <T>(
  context: string,
  kraftfile: string | undefined,
  work: (scratch: string, digests: FileDigests) => Promise<T>,
): Promise<T> =>
  withTemporaryFolder((scratch) => withSavedDigests(context, kraftfile, (digests) => work(scratch, digests)));

function reportPush(progress: ProgressReporter): (sent: PushProgress) => void {
  const sentBytes = new Map<string, number>();
  let reportedBytes = 0;
  return (sent) => {
    sentBytes.set(sent.digest, sent.sentBytes);
    const totalBytes = [...sentBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    if (totalBytes < reportedBytes + PUSH_REPORT_BYTES) return;
    reportedBytes = totalBytes;
    progress.report(`pushed ${Math.round(totalBytes / 2 ** 20)} MiB`);
  };
}

/** What to attach; `undefined` for nothing. Throws `INPUT_INVALID` for a key that cannot sign. */
function toAttestOptions({ attestation }: ImageInputs): AttestOptions | undefined {
  if (attestation === undefined) return undefined;
  const { sbom, provenance, signingKey, signingKeyPassphrase, signingCommand = [] } = attestation;
  const [program, ...args] = signingCommand;
  const fromKey = signingKey === undefined ? undefined : signerFromPem(signingKey, signingKeyPassphrase);
  return { sbom, provenance, signer: program === undefined ? fromKey : signerFromCommand([program, ...args]) };
}
