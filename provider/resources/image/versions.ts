/** Which images of a GatewayImage stay: the last ones, and those in use. */
import type { Digest } from "../../base/digest";
import { isLocalDaemonDown } from "../../client/localDaemon";
import { openLayout } from "../../image/oci/layout";
import { type RetentionPlan, planRetention, removeImages } from "../../image/registry/retention";
import type { ProviderContext } from "../context";
import { parseDigest } from "../workload/imageReference";
import type { ImageInputs } from "./inputs";
import { findImageHolder } from "./owner";
import type { ImageDestination } from "./reference";
import { credentialSource } from "./registryAccess";

/** Digests that the metro's instances run. */
async function digestsInUse({ client, metro, signal }: ProviderContext): Promise<readonly string[]> {
  if (await isLocalDaemonDown(metro, signal)) return []; // what ran keeps a copy of its boot files
  const { items } = await client.getInstances({});
  return items.flatMap(({ image }) => parseDigest(image ?? "") ?? []);
}

/**
 * Removes all but the last `keepVersions` images and those in use, from the layout and from the registry. What cannot be removed is
 * reported, and tried again by the next update. Returns the digests that are left, newest first.
 *
 * @param history digests, newest first
 */
export async function removeOldVersions(
  context: ProviderContext,
  destination: ImageDestination,
  history: readonly string[],
  inputs: ImageInputs,
): Promise<readonly string[]> {
  const { keepVersions } = inputs;
  const candidates = planRetention(history, { keepVersions });
  if (candidates.remove.length === 0) return candidates.keep;
  const plan = planRetention(history, { keepVersions, inUse: await digestsInUse(context) });
  const kept = await removePlanned(context, destination, plan, inputs);
  return [...plan.keep, ...kept];
}

/** Removes the images of a resource that is deleted: from the layout, and from the registry if the program says so. */
export async function removeAllVersions(
  context: ProviderContext,
  destination: ImageDestination,
  history: readonly string[],
  inputs: ImageInputs,
): Promise<void> {
  const layout = openLayout(context.imageLayout);
  const { repository, isPushed } = destination;
  if (isPushed && !inputs.deleteOnDestroy) {
    await layout.remove(repository);
    report(context, inputs, `stays in '${repository}'. Set deleteOnDestroy to delete it with its resource.`);
    return;
  }
  // Not only what the state knows: a killed update may have stored another image. What runs on this machine keeps its own copy of the boot
  // files. Nothing if another resource has the name by now: it may have built the same image.
  if (!isPushed) {
    if ((await findImageHolder(context, repository)) !== "managed") await layout.remove(repository);
    return;
  }
  const inUse = await digestsInUse(context);
  const plan = planRetention(history, { keepVersions: 0, inUse });
  if (plan.keep.length > 0) report(context, inputs, `${plan.keep.join(", ")} stays, because an instance runs it.`);
  await removePlanned(context, destination, plan, inputs);
  await layout.remove(repository, (digest) => inUse.includes(digest));
}

/** Returns what could not be removed. */
async function removePlanned(
  context: ProviderContext,
  destination: ImageDestination,
  { remove }: RetentionPlan,
  inputs: ImageInputs,
): Promise<readonly Digest[]> {
  const { repository, isPushed } = destination;
  const { removed, kept } = isPushed
    ? await removeImages(repository, remove, {
        credentials: credentialSource(context, destination, inputs),
        signal: context.signal,
      })
    : { removed: remove, kept: [] };
  for (const { digest, reason } of kept)
    context.printWarning(`Image '${inputs.name ?? ""}': ${digest} was not removed: ${reason}`);
  await openLayout(context.imageLayout).remove(repository, (digest) => !removed.includes(digest));
  return kept.map(({ digest }) => digest);
}

const report = (context: ProviderContext, { name = "" }: ImageInputs, message: string): void =>
  context.printProgress(`Image '${name}': ${message}`);
