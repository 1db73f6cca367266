/** How a GatewayImage is built, read and deleted, and what it is built from is hashed. */
import { UnikernelError } from "../../base/errors";
import type { CheckFailure, Lifecycle, Properties } from "../../definition/resource";
import { UNKNOWN, containsUnknown } from "../../definition/unknowns";
import { type BuiltImage, buildImage, planBuild } from "../../image/build";
import { openLayout } from "../../image/oci/layout";
import { removeEmptyLayout } from "../../image/oci/removeEmptyLayout";
import { resolveRuntime } from "../../image/resolveRuntime";
import type { ProviderContext } from "../context";
import { type ImageInputs, imageInputs } from "./inputs";
import { type imageOutputs, toOutputs } from "./outputs";

/** Hashes what the image is built from, and says what is wrong with it. */
export async function computeInputs(
  given: Properties,
): Promise<{ inputs: Properties; failures: readonly CheckFailure[] }> {
  if (containsUnknown(given["context"]) || containsUnknown(given["files"])) {
    return { inputs: { ...given, contextHash: UNKNOWN }, failures: [] };
  }
  const { context, files, name } = imageInputs.parse({
    ...given,
    name: containsUnknown(given["name"]) ? undefined : given["name"],
  });
  try {
    const plan = await planBuild({ context, files, name: name ?? "image" });
    return { inputs: { ...given, contextHash: plan.contextHash }, failures: [] };
  } catch (error) {
    if (!UnikernelError.has(error, "CONTEXT_INVALID", "KRAFTFILE_INVALID", "INPUT_INVALID", "NOT_SUPPORTED"))
      throw error;
    const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return { inputs: given, failures: [{ property: error.property ?? "context", reason }] };
  }
}

async function buildFromInputs(
  context: ProviderContext,
  { context: folder, files, name = "" }: ImageInputs,
): Promise<BuiltImage> {
  const plan = await planBuild({ context: folder, files, name });
  return buildImage(plan, {
    layout: context.imageLayout,
    repository: name,
    resolveRuntime: (reference) => resolveRuntime(reference, { signal: context.signal }),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
}

/** The lifecycle of a GatewayImage. */
export const lifecycle: Lifecycle<typeof imageInputs, typeof imageOutputs, ProviderContext> = {
  async create(context, inputs) {
    const { name = "" } = inputs;
    return { id: name, outputs: toOutputs(name, await buildFromInputs(context, inputs)) };
  },

  async read(context, id, inputs) {
    const image = await openLayout(context.imageLayout).resolve(id);
    if (image === undefined) return undefined;
    const { digest, sizeBytes } = image;
    return {
      inputs: { ...inputs, name: id },
      outputs: toOutputs(id, { digest, sizeBytes, contextHash: inputs.contextHash ?? "" }),
    };
  },

  async update(context, id, _olds, news) {
    const built = await buildFromInputs(context, news);
    // Instances that still run the old image hold their own copy of what they boot from.
    await openLayout(context.imageLayout).remove(id, { keepDigest: built.digest });
    return toOutputs(id, built);
  },

  async delete(context, id) {
    await openLayout(context.imageLayout).remove(id);
    // The daemon tidies up as well, but may have ended before the last image went.
    await removeEmptyLayout(context.imageLayout);
  },
};
