/** GatewayImage: an OCI image built from a Kraftfile project. */
import { defineResource } from "../../definition/resource";
import { openLayout } from "../../image/oci/layout";
import { removeEmptyLayout } from "../../image/oci/removeEmptyLayout";
import type { ProviderContext } from "../context";
import { buildFromInputs } from "./apply";
import { imageInputs } from "./inputs";
import { imageOutputs, toOutputs } from "./outputs";
import { computeInputs } from "./plan";

/** The GatewayImage resource. */
export const gatewayImage = defineResource({
  kind: "GatewayImage",
  description:
    "An OCI image built from a folder with a Kraftfile. Equal content gives an equal digest; nothing changed means nothing built.",
  inputs: imageInputs,
  outputs: imageOutputs,
  metroRestriction: {
    metro: "local",
    hint: "There, give Instance and Service an image that the metro's registry holds.",
  },
  computeInputs,

  async create(context: ProviderContext, inputs) {
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
});
