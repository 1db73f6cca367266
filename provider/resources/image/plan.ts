/** Plans a build at preview, without building. */
import { isDeepStrictEqual } from "node:util";
import { type MetroIdentity, vendorToken } from "../../base/config/metroConfig";
import { UnikernelError } from "../../base/errors";
import { withTemporaryFolder } from "../../base/files";
import { ensureUsable, localPaths } from "../../base/localPaths";
import type { ComputedInputs, Properties } from "../../definition/resource";
import { UNKNOWN, containsUnknown } from "../../definition/unknowns";
import type { KernelPlan } from "../../image/build/kernel/kernelPlan";
import { type BuildPlan, findSources, planFound } from "../../image/build/planBuild";
import { describeContextChange } from "../../image/cache/fileList";
import { loadHashKey } from "../../image/cache/hashKey";
import { markDigestsUsed, withSavedDigests } from "../../image/cache/savedDigests";
import { contextKey, findUnchangedHash, saveObservations } from "../../image/cache/unchangedContext";
import { FolderObserver } from "../../image/rootfs/folderObserver";
import { hasAssets, toGivenFiles } from "./files";
import { type ImageInputs, imageInputs } from "./inputs";
import { planDigest } from "./planDigest";
import { type ImageDestination, destinationFailures, imageDestination, imageRef } from "./reference";
import { credentialSource } from "./registryAccess";
import { runtimeFailures } from "./runtimeRule";
import { sizeNote } from "../images/sizeNote";
import { isSameBuild } from "./sameBuild";

/** Inputs that {@link computeInputs} computes; all others are the program's. */
const COMPUTED = ["contextHash", "digest", "ref"] as const;

/**
 * Adds `contextHash`, the hash of all build inputs, so that a changed file shows as a change, and `digest` and `ref` as far as they are
 * known before the build, so that the preview of an Instance or a Service knows its new image. Unknown inputs make them unknown. An
 * invalid Kraftfile or build context becomes a failure.
 *
 * The digest of an image that is built from the same as the one in state is not computed: nothing will be built.
 */
export async function computeInputs(
  given: Properties,
  metro: MetroIdentity | undefined,
  olds: Properties,
): Promise<ComputedInputs> {
  const failures = metro === undefined ? [] : destinationFailures(given, metro);
  if (failures.length > 0) return { inputs: given, failures };
  if (["context", "kraftfile", "files", "build", "preserveModes"].some((name) => containsUnknown(given[name]))) {
    return { inputs: { ...given, contextHash: UNKNOWN }, failures: [] };
  }
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => !containsUnknown(value)));
  const inputs = imageInputs.parse(known);
  try {
    await ensureUsable(localPaths().imageCacheDir);
    const { context, kraftfile, files, build, preserveModes, name = "image" } = inputs;
    const hashKey = await loadHashKey();
    const found = await findSources({ context, build, ...(kraftfile === undefined ? {} : { kraftfile }) });
    const others = [files, build ?? null, preserveModes];
    const key = hasAssets(files) ? undefined : contextKey({ found, others, hashKey });
    const contextHash = key === undefined ? undefined : await findUnchangedHash(key);
    if (contextHash !== undefined && isSameBuild(olds, { ...given, contextHash })) {
      await markDigestsUsed(context, kraftfile);
      return kernelFailure(found.kernel, { given, inputs, metro, olds }, contextHash) ?? unchanged(given, olds);
    }
    const observer = key === undefined ? undefined : new FolderObserver();
    return await withTemporaryFolder((scratch) =>
      withSavedDigests(context, kraftfile, async (digests) => {
        const plan = await planFound(found, {
          ...{ context, name, scratch, digests, hashKey, observer, preserveModes, build },
          files: toGivenFiles(files),
        });
        if (key !== undefined && observer !== undefined) await saveObservations(key, observer, plan.contextHash);
        return computeFromPlan(plan, { given, inputs, metro, olds });
      }),
    );
  } catch (error) {
    if (
      !UnikernelError.has(
        error,
        "CONTEXT_INVALID",
        "KRAFTFILE_INVALID",
        "BUILDER_MISSING",
        "INPUT_INVALID",
        "NOT_SUPPORTED",
        "CONFIG_INVALID",
      )
    )
      throw error;
    const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return {
      inputs: given,
      failures: [
        { code: error.code, property: error.property ?? (error.code === "CONFIG_INVALID" ? "" : "context"), reason },
      ],
    };
  }
}

/** What a plan is for. */
interface Planned {
  /** As the program has them; partly unknown. */
  readonly given: Properties;
  /** The known part of them. */
  readonly inputs: ImageInputs;
  readonly metro: MetroIdentity | undefined;
  readonly olds: Properties;
}

/** The failure of a kernel that the metro does not boot; `undefined` if it does. */
function kernelFailure(kernel: KernelPlan, { given, metro }: Planned, contextHash: string): ComputedInputs | undefined {
  const failures = metro === undefined || kernel.type !== "runtime" ? [] : runtimeFailures(kernel.reference, metro);
  return failures.length > 0 ? { inputs: { ...given, contextHash }, failures } : undefined;
}

/** Nothing will be built. */
const unchanged = (given: Properties, olds: Properties): ComputedInputs => ({
  inputs: { ...given, ...computedIn(olds) },
  failures: [],
});

async function computeFromPlan(plan: BuildPlan, planned: Planned): Promise<ComputedInputs> {
  const { given, inputs, metro, olds } = planned;
  const { contextHash } = plan;
  const failure = kernelFailure(plan.kernel, planned, contextHash);
  if (failure !== undefined) return failure;
  if (isSameBuild(olds, { ...given, contextHash })) return unchanged(given, olds);
  const destination = destinationOf(given, inputs, metro);
  const credentials = destination && credentialSource({ metroToken: metro && vendorToken(metro) }, destination, inputs);
  const { digest, sizeBytes, warnings } = await planDigest(plan, { metro: metro?.metro, credentials });
  const ref = digest === undefined || destination === undefined ? undefined : imageRef(destination, digest);
  const computed = { contextHash, ...(digest !== undefined && { digest }), ...(ref !== undefined && { ref }) };
  const size = sizeBytes === undefined ? [] : [sizeNote(sizeBytes)];
  const notes = [...(await describeChange(olds, given, plan)), ...size];
  return { inputs: { ...given, ...computed }, failures: [], notes, warnings };
}

/** The computed inputs in state. */
const computedIn = (olds: Properties): Properties =>
  Object.fromEntries(COMPUTED.flatMap((name) => (olds[name] === undefined ? [] : [[name, olds[name]]])));

/** Where the image will be stored; `undefined` if its name or repository is not known yet. */
const destinationOf = (
  given: Properties,
  inputs: ImageInputs,
  metro: MetroIdentity | undefined,
): ImageDestination | undefined =>
  metro === undefined || containsUnknown([given["name"], given["repository"]])
    ? undefined
    : imageDestination(inputs, metro);

/** Contents of `files` do not change the context hash. */
async function describeChange(olds: Properties, given: Properties, plan: BuildPlan): Promise<readonly string[]> {
  const { contextHash: before } = olds;
  const isSameContext = before === plan.contextHash && isDeepStrictEqual(olds["files"], given["files"]);
  return typeof before !== "string" || isSameContext ? [] : [await describeContextChange(before, plan.listParts())];
}
