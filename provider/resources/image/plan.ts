/** Plans a build at preview, without building. */
import { isDeepStrictEqual } from "node:util";
import type { MetroIdentity } from "../../base/config/metroConfig";
import { UnikernelError } from "../../base/errors";
import { withTemporaryFolder } from "../../base/files";
import type { ComputedInputs, Properties } from "../../definition/resource";
import { UNKNOWN, containsUnknown } from "../../definition/unknowns";
import { type BuildPlan, planBuild } from "../../image/build/planBuild";
import { describeContextChange } from "../../image/cache/fileList";
import { loadHashKey } from "../../image/cache/hashKey";
import { withSavedDigests } from "../../image/cache/savedDigests";
import { toGivenFiles } from "./files";
import { type ImageInputs, imageInputs } from "./inputs";
import { planDigest } from "./planDigest";
import { destinationFailures, imageDestination, imageRef } from "./reference";

/** Inputs that {@link computeInputs} computes; all others are the program's. */
const COMPUTED = ["contextHash", "digest", "ref"] as const;

/**
 * Adds `contextHash`, the hash of all build inputs, so that a changed file shows as a change, and `digest` and `ref` as far as they are
 * known before the build, so that the preview of an Instance or a Service knows its new image. Unknown inputs make them unknown. An
 * invalid Kraftfile or build context becomes a failure.
 *
 * The digest of an image whose inputs are those in state is not computed: nothing will be built.
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
    return await withTemporaryFolder((scratch) =>
      withSavedDigests(inputs.context, inputs.kraftfile, async (digests) => {
        const { kraftfile, name = "image", files, ...rest } = inputs;
        const plan = await planBuild({
          ...rest,
          ...(kraftfile === undefined ? {} : { kraftfile }),
          files: toGivenFiles(files),
          hashKey: await loadHashKey(),
          name,
          scratch,
          digests,
        });
        const { contextHash } = plan;
        if (isUnchanged(given, olds) && olds["contextHash"] === contextHash)
          return { inputs: { ...given, ...computedIn(olds) }, failures: [] };
        const { digest, warnings } = await planDigest(plan, metro);
        return {
          inputs: { ...given, contextHash, ...referenceOf(given, inputs, metro, digest) },
          failures: [],
          notes: await describeChange(olds, plan),
          warnings,
        };
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
      )
    )
      throw error;
    const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return { inputs: given, failures: [{ code: error.code, property: error.property ?? "context", reason }] };
  }
}

/** The computed inputs in state. */
const computedIn = (olds: Properties): Properties =>
  Object.fromEntries(COMPUTED.flatMap((name) => (olds[name] === undefined ? [] : [[name, olds[name]]])));

/** True if the program's inputs are those in state. */
const isUnchanged = (given: Properties, olds: Properties): boolean =>
  Object.keys(imageInputs.shape).every(
    (name) => COMPUTED.some((computed) => computed === name) || isDeepStrictEqual(given[name], olds[name]),
  );

/** `digest` and `ref`, as far as they are known. A name or repository that is not known yet leaves `ref` out. */
function referenceOf(
  given: Properties,
  inputs: ImageInputs,
  metro: MetroIdentity | undefined,
  digest: string | undefined,
): Properties {
  if (digest === undefined) return {};
  if (metro === undefined || containsUnknown(given["name"]) || containsUnknown(given["repository"])) return { digest };
  return { digest, ref: imageRef(imageDestination(inputs, metro), digest) };
}

async function describeChange({ contextHash: before }: Properties, plan: BuildPlan): Promise<readonly string[]> {
  if (typeof before !== "string" || before === plan.contextHash) return [];
  return [await describeContextChange(before, plan.parts)];
}
