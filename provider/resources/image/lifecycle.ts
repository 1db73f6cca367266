/** How a GatewayImage is created, read, updated and deleted. */
import type { Lifecycle } from "../../definition/resource";
import { openLayout } from "../../image/oci/layout";
import { removeEmptyLayout } from "../../image/oci/removeEmptyLayout";
import { type ProviderContext, withTimeLimit } from "../context";
import { buildFromInputs } from "./apply";
import type { imageInputs } from "./inputs";
import { type imageOutputs, toOutputs } from "./outputs";

/** The lifecycle of a GatewayImage. */
export const lifecycle: Lifecycle<typeof imageInputs, typeof imageOutputs, ProviderContext> = {
  describeUpdate: (olds, news) => (olds.contextHash === news.contextHash ? [] : ["build the image again"]),

  async create(context, inputs) {
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
    // Instances that still run the old image keep their own copy of its boot files.
    await openLayout(context.imageLayout).remove(id, { keepDigest: built.digest });
    return toOutputs(id, built);
  },

  async delete(context, id) {
    await openLayout(context.imageLayout).remove(id);
    // The daemon does this too, but may have exited before the last image was removed.
    await removeEmptyLayout(context.imageLayout);
  },
};
