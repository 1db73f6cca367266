/** Volume: a disk that outlives instances. */
import * as z from "zod";
import type { VolumeItem } from "../../contract/models";
import { defineResource, field, objectType } from "../../definition/resource";
import { UnikernelError } from "../../base/errors";
import { ResourceInitFailedError } from "../../definition/initFailed";
import { assertAdoptable } from "../common/adopt";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { findVolume } from "../common/find";
import { withDeleteLockHint } from "../common/deleteLock";
import { deleteOnceFree } from "../common/deleteOnceFree";
import { type VolumeInputs, volumeInputs, volumeRules } from "./inputs";
import { applyChanges, planChanges, createVolume, waitUntilReady, waitUntilReadyAgain } from "./operations";
import { type VolumeSettings, describeVolumeUpdate, observedSettings, observedInputs } from "./plan";
import { listAttachedInstances } from "./attachments";

const outputs = z.object({
  state: field(z.string(), { description: "State when last looked at, such as `available` or `mounted`." }),
  persistent: field(z.boolean(), { description: "False for a volume that goes with its instance." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  attachedTo: field(
    z.array(
      objectType(
        "VolumeUser",
        "An instance that has a volume attached.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
        }),
      ),
    ),
    { description: "The instances that had it attached when last looked at." },
  ),
  mountedBy: field(
    z.array(
      objectType(
        "VolumeMounter",
        "An instance that uses a volume.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
          readonly: field(z.boolean(), { description: "Mounted without write access." }),
        }),
      ),
    ),
    { description: "Those of them that ran, or were in standby, when last looked at." },
  ),
});
type Outputs = z.output<typeof outputs> & VolumeSettings;

/** What is reported, the settable fields among it as they are, whatever was asked for. */
const toOutputs = (item: VolumeItem, requested: Partial<VolumeInputs>): Outputs => ({
  ...observedSettings(item, requested),
  state: item.state ?? "",
  persistent: item.persistent ?? true,
  createdAt: item.created_at ?? "",
  attachedTo: (item.attached_to ?? []).map(({ uuid, name = "" }) => ({ uuid, name })),
  mountedBy: (item.mounted_by ?? []).map(({ uuid, name = "", readonly = false }) => ({ uuid, name, readonly })),
});

/** The failure of a change that may be half made: what really is there reaches the state, so that the next update goes on from it. */
async function initFailure(context: ProviderContext, item: VolumeItem, requested: VolumeInputs, error: unknown) {
  const now = await findVolume(forCleanup(context), item.uuid).catch(() => undefined);
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
  unlimited: ProviderContext,
  id: string,
  olds: { readonly inputs: VolumeInputs },
  news: VolumeInputs,
): Promise<Outputs> {
  const context = withTimeLimit(unlimited, unlimited.timeouts.updateMs, `Updating volume '${news.name ?? id}'`);
  const item = await waitUntilReadyAgain(context, id);
  const changes = planChanges(item, olds.inputs, news);
  try {
    await applyChanges(context, item, changes);
    return toOutputs(await waitUntilReadyAgain(context, id), news);
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

/** The Volume resource. */
export const volume = defineResource({
  kind: "Volume",
  description: "A persistent disk. It belongs to one metro and outlives the instances that mount it.",
  inputs: volumeInputs,
  outputs,
  rules: volumeRules,
  describeUpdate: describeVolumeUpdate,

  quotaUsage({ sizeMb, quotaPolicy, template, cloneFrom }) {
    // Of a dynamic one only what is used counts, which is nothing yet; one that is made from another has that one's policy.
    const isReserved = quotaPolicy === "static" || (quotaPolicy ?? template ?? cloneFrom) === undefined;
    return { volumes: 1, ...(typeof sizeMb === "number" && isReserved ? { total_volume_mb: sizeMb } : {}) };
  },

  async create(unlimited: ProviderContext, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const context = withTimeLimit(unlimited, unlimited.timeouts.createMs, `Creating volume '${inputs.name ?? ""}'`);
    const made = await createVolume(context, inputs);
    const ready = await waitUntilReady(context, made.uuid).catch(async (error: unknown) => {
      // It was never of use, so it holds nothing: leave nothing behind, and the next up starts afresh.
      if (UnikernelError.has(error, "OPERATION_FAILED") && (await tryDelete(forCleanup(context), made))) throw error;
      throw await initFailure(context, made, inputs, error);
    });
    try {
      await applyChanges(context, ready, planChanges(ready, inputs, inputs));
      return { id: made.uuid, outputs: toOutputs(await waitUntilReadyAgain(context, made.uuid), inputs) };
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
    const attempted = `Deleting volume '${olds.inputs.name ?? id}'`;
    await deleteOnceFree(withTimeLimit(context, context.timeouts.deleteMs, attempted), {
      attempted,
      sendDelete: ({ client }) => client.deleteVolumes({ body: [{ uuid: id }] }),
      findHolders: (limited) => listAttachedInstances(limited, id),
      toHint: (users) => `Take it out of ${users}, or delete that first.`,
    }).catch((error: unknown) => {
      throw withDeleteLockHint(error);
    });
  },
});
