/** How a Volume is created, read, updated and deleted. */
import { UnikernelError } from "../../base/errors";
import type { VolumeItem } from "../../contract/models";
import type { Lifecycle } from "../../definition/resource";
import { diff } from "../../definition/diff";
import { withoutUnknowns } from "../../definition/unknowns";
import { assertAdoptable } from "../common/adopt";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { findVolume } from "../common/find";
import { holderByMark, isOwnUnfinished } from "../common/ownershipMark";
import { withDeleteLockHint } from "../common/deleteLock";
import { deleteOnceFree } from "../common/deleteOnceFree";
import { applyChanges, updateVolume } from "./apply";
import { assertContent, fillVolume, inspectContent } from "./content";
import { inspectGrowth } from "./grow";
import { type VolumeInputs, volumeInputs } from "./inputs";
import {
  createVolume,
  initFailure,
  listAttachedInstances,
  tryDelete,
  waitUntilReady,
  waitUntilReadyAgain,
} from "./operations";
import { toOutputs, type volumeOutputs } from "./outputs";
import { describeVolumeUpdate, planChanges } from "./plan";
import { observedInputs } from "./wire";

/** The existing volume of this name, and what must change; undefined if there is none to adopt. */
async function findAdoptable(context: ProviderContext, inputs: VolumeInputs) {
  const { name = "" } = inputs;
  const item = await findVolume(context, name);
  // `adopt` does not apply to what a create of this resource left unfinished.
  if (item === undefined || isOwnUnfinished(item.tags, context.ownership)) return undefined;
  const known = withoutUnknowns(inputs);
  const found = observedInputs(item, known);
  // With allowDataLoss, the diff marks what cannot be changed in place; otherwise it leaves that to the rules of a changed resource.
  const changes = diff({ inputs: volumeInputs }, found, { ...inputs, allowDataLoss: true });
  return { id: item.uuid, inputs: found, outputs: toOutputs(item, known), changes };
}

/** Updates the existing volume of this name to match the inputs; undefined if there is none. */
async function adoptExisting(context: ProviderContext, inputs: VolumeInputs) {
  const found = await findAdoptable(context, inputs);
  if (found === undefined) return undefined;
  assertAdoptable(`Volume '${inputs.name ?? ""}'`, found, inputs);
  return { id: found.id, outputs: await updateVolume(context, found.id, found, inputs) };
}

/** Waits for a volume that was just created, and fills it. */
async function makeReady(context: ProviderContext, { uuid }: VolumeItem, { contentFrom }: VolumeInputs) {
  const ready = await waitUntilReady(context, uuid);
  if (contentFrom === undefined) return ready;
  await fillVolume(context, ready, contentFrom);
  return waitUntilReady(context, uuid);
}

/** The lifecycle of a Volume. */
export const lifecycle: Lifecycle<typeof volumeInputs, typeof volumeOutputs, ProviderContext> = {
  describeUpdate: describeVolumeUpdate,

  findAdoptable,
  inspectUpdate: inspectGrowth,
  inspectInputs: inspectContent,

  async findNameHolder(context, id) {
    const item = await findVolume(context, id);
    return item === undefined ? undefined : holderByMark(item.tags, context.ownership);
  },

  async create(unlimited, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const context = withTimeLimit(unlimited, unlimited.timeouts.createMs, `Creating volume '${inputs.name ?? ""}'`);
    await assertContent(context, inputs);
    const created = await createVolume(context, inputs);
    const ready = await makeReady(context, created, inputs).catch(async (error: unknown) => {
      const isFilled = inputs.contentFrom !== undefined;
      // It never became usable, so it holds no data: delete it, so that the next up creates a new one.
      const isUseless = isFilled || UnikernelError.has(error, "OPERATION_FAILED");
      const isDeleted = isUseless && (await tryDelete(forCleanup(context), created));
      // In state, the next up would finish it without its files. Out of it, the next create deletes what it left unfinished.
      if (isDeleted || isFilled) throw error;
      throw await initFailure(context, created, inputs, error);
    });
    try {
      const changes = planChanges(ready, inputs, inputs);
      await applyChanges(context, ready, changes);
      // Without changes, `ready` is still current.
      const item = changes.length === 0 ? ready : await waitUntilReadyAgain(context, created.uuid);
      return { id: created.uuid, outputs: toOutputs(item, inputs) };
    } catch (error) {
      throw await initFailure(context, created, inputs, error);
    }
  },

  async read(context, id, inputs) {
    const item = await findVolume(context, id);
    if (item === undefined) return undefined;
    return { id: item.uuid, inputs: observedInputs(item, inputs), outputs: toOutputs(item, inputs) };
  },

  update: updateVolume,

  async delete(context, id, olds) {
    const attempted = `Deleting volume '${olds.inputs.name ?? id}'`;
    await deleteOnceFree(withTimeLimit(context, context.timeouts.deleteMs, attempted), {
      attempted,
      sendDelete: ({ client }) => client.deleteVolumes({ body: [{ uuid: id }] }),
      findHolders: (limited) => listAttachedInstances(limited, id),
      toHint: (users) => `Detach it from ${users} first.`,
    }).catch((error: unknown) => {
      throw withDeleteLockHint(error);
    });
  },
};
