/** GatewayImage: an OCI image built from a Kraftfile project. */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { type CheckFailure, type Properties, defineResource, field } from "../../definition/resource";
import { UNKNOWN, containsUnknown } from "../../definition/unknowns";
import { type BuiltImage, buildImage } from "../../image/buildImage";
import { planBuild } from "../../image/planBuild";
import { openLayout } from "../../image/oci/layout";
import { removeEmptyLayout } from "../../image/oci/removeEmptyLayout";
import { createProgressReporter } from "../../image/progress";
import { resolveRuntime } from "../../image/resolveRuntime";
import { type ProviderContext, withTimeLimit } from "../context";
import { nameField } from "../common/fields";

const inputs = z.strictObject({
  name: nameField("image repository"),
  context: field(z.string().min(1), {
    description: "Folder that holds the Kraftfile, relative to the program. The Kraftfile's paths are relative to it.",
  }),
  files: field(z.record(z.string().regex(/^\//, "must be an absolute path of the guest"), z.string()).default({}), {
    description: "Files to put over the root file system: absolute path in the guest → content.",
  }),
  contextHash: field(z.string().optional(), {
    description: "Hash of everything the image is built from; computed at preview, so that a changed file shows.",
    computed: true,
  }),
});

const outputs = z.object({
  ref: field(z.string(), {
    description: "Reference by digest, `repository@sha256:…`; give it to Instance and Service.",
  }),
  digest: field(z.string(), { description: "Digest of the image index." }),
  contextHash: field(z.string(), { description: "Hash of everything the image was built from." }),
  sizeBytes: field(z.number(), { description: "Bytes of all blobs of the image." }),
});
type Outputs = z.output<typeof outputs>;

const toOutputs = (repository: string, { digest, contextHash, sizeBytes }: Omit<Outputs, "ref">): Outputs => ({
  ref: `${repository}@${digest}`,
  digest,
  contextHash,
  sizeBytes,
});

async function computeInputs(given: Properties): Promise<{ inputs: Properties; failures: readonly CheckFailure[] }> {
  if (containsUnknown(given["context"]) || containsUnknown(given["files"])) {
    return { inputs: { ...given, contextHash: UNKNOWN }, failures: [] };
  }
  const { context, files, name } = inputs.parse({
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
  { context: folder, files, name = "" }: z.output<typeof inputs>,
): Promise<BuiltImage> {
  const progress = createProgressReporter(`Image '${name}'`, context.printProgress);
  try {
    const plan = await planBuild({ context: folder, files, name });
    return await buildImage(plan, {
      layout: context.imageLayout,
      repository: name,
      resolveRuntime: (reference) => resolveRuntime(reference, { signal: context.signal, onProgress: progress.report }),
      signal: context.signal,
      onProgress: ({ message }) => progress.report(message),
    });
  } finally {
    progress.end();
  }
}

/** The GatewayImage resource. */
export const gatewayImage = defineResource({
  kind: "GatewayImage",
  description:
    "An OCI image built from a folder with a Kraftfile. Equal content gives an equal digest; nothing changed means nothing built.",
  inputs,
  outputs,
  metroRestriction: {
    metro: "local",
    hint: "There, give Instance and Service an image that the metro's registry holds.",
  },
  computeInputs,

  async create(context: ProviderContext, inputs) {
    const { name = "" } = inputs;
    const limited = withTimeLimit(context, context.timeouts.createMs, `Building the image '${name}'`);
    return { id: name, outputs: toOutputs(name, await buildFromInputs(limited, inputs)) };
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
    const limited = withTimeLimit(context, context.timeouts.updateMs, `Building the image '${id}'`);
    const built = await buildFromInputs(limited, news);
    // Instances that still run the old image hold their own copy of what they boot from.
    await openLayout(context.imageLayout).remove(id, { keepDigest: built.digest });
    return toOutputs(id, built);
  },

  async delete(context, id) {
    await openLayout(context.imageLayout).remove(id);
    // The daemon tidies up as well, but may have ended before the last image went.
    await removeEmptyLayout(context.imageLayout);
  },
});
