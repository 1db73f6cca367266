/** How a Volume is created, read, updated and deleted. */
import type { VolumeItem } from "../../contract/models";
import type { Lifecycle } from "../../definition/resource";
import { UnikernelError } from "../../base/errors";
import { ResourceInitFailedError } from "../../definition/initFailed";
import { assertAdoptable } from "../common/adopt";
import type { ProviderContext } from "../context";
import { findVolume } from "../common/find";
import { withDeleteLockHint } from "../common/deleteLock";
import { deleteOnceFree } from "../common/deleteOnceFree";
import { type VolumeInputs, volumeInputs } from "./inputs";
import { applyChanges, planChanges, createVolume, waitUntilReady, waitUntilReadyAgain } from "./operations";
import { type VolumeOutputs, type volumeOutputs, toOutputs } from "./outputs";
import { describeVolumeUpdate, observedInputs } from "./plan";
import { listAttachedInstances } from "./attachments";

/** The failure of a change that may be half made: what really is there reaches the state, so that the next update goes on from it. */
async function initFailure(context: ProviderContext, item: VolumeItem, requested: VolumeInputs, error: unknown) {
  const now = await findVolume(context, item.uuid).catch(() => undefined);
  return new ResourceInitFailedError(item.uuid, toOutputs(now ?? item, requested), error);
}

/** Deletes a volume that could not be made; false when that failed too. */
async function tryDelete({ client }: ProviderContext, { uuid }: VolumeItem): Promise<boolean> {
  try {
    const { items } = await client.deleteVolumes({ body: [{ uuid }] });
    return items[0]?.status !== "error";
  } catch {
    return false;
  }
}

async function updateVolume(
  context: ProviderContext,
  id: string,
  olds: { readonly inputs: VolumeInputs },
  news: VolumeInputs,
): Promise<VolumeOutputs> {
  const deadlineMs = context.clock.now() + context.timeouts.updateMs;
  const item = await waitUntilReadyAgain(context, id, deadlineMs);
  const changes = planChanges(item, olds.inputs, news);
  try {
    await applyChanges(context, item, changes);
    return toOutputs(await waitUntilReadyAgain(context, id, deadlineMs), news);
  } catch (error) {
    throw await initFailure(context, item, olds.inputs, error);
  }
}

/** Brings a volume that exists to what is asked for; `undefined` when there is none of the name. */
async function adoptExisting(context: ProviderContext, inputs: VolumeInputs) {
  const { name = "" } = inputs;
  const item = await findVolume(context, name);
  if (item === undefined) return undefined;
  const found = observedInputs(item, inputs);
  assertAdoptable({ inputs: volumeInputs }, `Volume '${name}'`, found, inputs);
  return { id: item.uuid, outputs: await updateVolume(context, item.uuid, { inputs: found }, inputs) };
}

/** The lifecycle of a Volume. */
export const lifecycle: Lifecycle<typeof volumeInputs, typeof volumeOutputs, ProviderContext> = {
  describeUpdate: describeVolumeUpdate,

  async create(context, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(context, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const deadlineMs = context.clock.now() + context.timeouts.createMs;
    const made = await createVolume(context, inputs);
    const ready = await waitUntilReady(context, made.uuid, deadlineMs).catch(async (error: unknown) => {
      // It was never of use, so it holds nothing: leave nothing behind, and the next up starts afresh.
      if (UnikernelError.has(error, "OPERATION_FAILED") && (await tryDelete(context, made))) throw error;
      throw await initFailure(context, made, inputs, error);
    });
    try {
      const changes = planChanges(ready, inputs, inputs);
      await applyChanges(context, ready, changes);
      // It was read a moment ago.
      const item = changes.length === 0 ? ready : await waitUntilReadyAgain(context, made.uuid, deadlineMs);
      return { id: made.uuid, outputs: toOutputs(item, inputs) };
    } catch (error) {
      throw await initFailure(context, made, inputs, error);
    }
  },

  async read(context, id, inputs) {
    const item = await findVolume(context, id);
    if (item === undefined) return undefined;
    return { id: item.uuid, inputs: observedInputs(item, inputs), outputs: toOutputs(item, inputs) };
  },

  update: updateVolume,

  async delete(context, id, olds) {
    await deleteOnceFree(context, {
      deadlineMs: context.clock.now() + context.timeouts.deleteMs,
      attempted: `Deleting volume '${olds.inputs.name ?? id}'`,
      sendDelete: () => context.client.deleteVolumes({ body: [{ uuid: id }] }),
      findHolders: () => listAttachedInstances(context, id),
      toHint: (users) => `Take it out of ${users}, or delete that first.`,
    }).catch((error: unknown) => {
      throw withDeleteLockHint(error);
    });
  },
};
