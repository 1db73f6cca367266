/** How a GatewayImage is created, read, updated and deleted. */
import type { Lifecycle } from "../../definition/resource";
import { canonicalRepository, parseReference } from "../../image/oci/reference";
import { openLayout } from "../../image/oci/layout";
import { removeEmptyLayout } from "../../image/oci/transaction";
import { inspectImage } from "../../image/registry/inspect";
import { type ProviderContext, withTimeLimit } from "../context";
import { buildAndPush } from "./apply";
import type { ImageInputs, imageInputs } from "./inputs";
import { claimImage, findImageHolder } from "./owner";
import { type imageOutputs, toOutputs, versionsInState } from "./outputs";
import { type ImageDestination, destinationOfId, imageDestination, imageRef } from "./reference";
import { credentialSource } from "./registryAccess";
import { describeUpdate, isSameBuild } from "./sameBuild";
import { removeAllVersions, removeOldVersions } from "./versions";

/** The lifecycle of a GatewayImage. Its id is its repository. */
export const lifecycle: Lifecycle<typeof imageInputs, typeof imageOutputs, ProviderContext> = {
  describeUpdate,
  findNameHolder: (context, id) => findImageHolder(context, id),

  async create(context, inputs) {
    const limited = withTimeLimit(context, context.timeouts.createMs, `Building the image '${inputs.name ?? ""}'`);
    const destination = imageDestination(inputs, { metro: context.metro, token: context.metroToken });
    await claimImage(context, destination);
    const built = await withoutLeftovers(context, destination, async () => {
      const image = await buildAndPush(limited, inputs, destination);
      // The owner is gone if somebody has deleted the name meanwhile.
      await claimImage(context, destination, { ownsImages: true });
      return image;
    });
    return { id: destination.repository, outputs: toOutputs(destination, built, [built.digest]) };
  },

  async read(context, id, inputs, outputs = {}) {
    const destination = destinationOfId(id);
    const versions = versionsInState(outputs);
    const [current] = versions;
    const image = await findImage(context, destination, inputs, current);
    if (image === undefined) return undefined;
    const { name = id.slice(id.lastIndexOf("/") + 1) } = inputs;
    return {
      inputs: { ...inputs, name },
      outputs: toOutputs(
        destination,
        { ...image, contextHash: inputs.contextHash ?? "" },
        current === undefined ? [image.digest] : versions,
      ),
    };
  },

  async update(context, id, { inputs: olds, outputs }, news) {
    const limited = withTimeLimit(context, context.timeouts.updateMs, `Building the image '${news.name ?? id}'`);
    const destination = destinationOfId(id);
    await claimImage(context, destination, { takesOver: true });
    const isSame =
      isSameBuild(olds, news) && (await findImage(limited, destination, news, outputs.digest)) !== undefined;
    const built = isSame ? outputs : await buildAndPush(limited, news, destination);
    // The last message stays beside "updated", where "will build the image again" would be wrong.
    if (!isSame) context.printProgress(`Image '${news.name ?? id}': built as ${built.digest}.`);
    const history = [built.digest, ...versionsInState(outputs)];
    return toOutputs(destination, built, await removeOldVersions(limited, destination, history, news));
  },

  async delete(context, id, { inputs, outputs }) {
    const limited = withTimeLimit(context, context.timeouts.deleteMs, `Deleting the image '${inputs.name ?? id}'`);
    await removeAllVersions(limited, destinationOfId(id), versionsInState(outputs), inputs);
    // The daemon does this too, but may have exited before the last image was removed.
    await removeEmptyLayout(context.imageLayout);
  },
};

/**
 * Removes what a failed create has stored on this machine, its claim included: no state would know of it, and it may contain secrets. What
 * is in a repository that another resource has claimed meanwhile is removed with that one.
 */
async function withoutLeftovers<T>(
  context: ProviderContext,
  { repository }: ImageDestination,
  work: () => Promise<T>,
): Promise<T> {
  const layout = openLayout(context.imageLayout);
  const name = canonicalRepository(parseReference(repository));
  const before = (await layout.list()).flatMap((image) => (image.repository === name ? [image.digest] : []));
  try {
    return await work();
  } catch (error) {
    const holder = await findImageHolder(context, repository).catch(() => undefined);
    if (holder !== "managed") {
      await layout.remove(repository, (digest) => before.includes(digest)).catch(() => undefined);
    }
    await removeEmptyLayout(context.imageLayout).catch(() => undefined);
    throw error;
  }
}

/** The image with a digest, or by default the latest one; `undefined` if its registry or layout reports that it has none. */
function findImage(context: ProviderContext, destination: ImageDestination, inputs: ImageInputs, digest?: string) {
  const reference = digest === undefined ? destination.repository : imageRef(destination, digest);
  if (!destination.isPushed) return openLayout(context.imageLayout).resolve(reference);
  const credentials = credentialSource(context, destination, inputs);
  return inspectImage(reference, { credentials, signal: context.signal });
}
