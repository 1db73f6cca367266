/** Steps that a Volume's lifecycle functions share: creating, waiting, and reporting what a failure left. */
import { onlyItem } from "../../client/client";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { VolumeItem } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { UnikernelError, withErrorContext } from "../../base/errors";
import { hasTimedOut } from "../../base/timeout";
import { diff } from "../../definition/diff";
import { listExistingInstances } from "../common/deleteOnceFree";
import { findVolume } from "../common/find";
import { ResourceInitFailedError } from "../../definition/initFailed";
import { type ProviderContext, forCleanup } from "../context";
import { createOrResume } from "../common/createOrResume";
import { omitEmpty } from "../common/omit";
import { holderByMark, unfinishedMark } from "../common/ownershipMark";
import { toReference } from "../common/fields";
import { type VolumeInputs, volumeInputs } from "./inputs";
import { toOutputs } from "./outputs";
import { observedInputs, toCreateRequest } from "./wire";

const POLL_MS = 200;

const REPLACE_HINT =
  "Replace it, which loses its data: run 'pulumi up --replace' with its URN; with a fixed name, also set the option deleteBeforeReplace: true.";

/**
 * Waits until a volume can be used.
 *
 * Throws `OPERATION_FAILED` if its state is `error`, and `WAIT_TIMEOUT` if the context times out.
 */
export async function waitUntilReady(context: ProviderContext, id: string): Promise<VolumeItem> {
  const { client, clock, signal } = context;
  const startMs = clock.now();
  let last: VolumeItem | undefined;
  try {
    for (;;) {
      const item = onlyItem(await client.getVolumes({ query: { uuid: [id] } }), `Reading volume '${id}'`);
      if (item.state !== "uninitialized" && item.state !== "initializing" && item.state !== "busy") {
        if (item.state !== "error") return item;
        throw new UnikernelError(
          "OPERATION_FAILED",
          `Volume '${item.name}' could not be created: ${item.message ?? "its state is 'error'"}.`,
        );
      }
      last = item;
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    if (error !== signal.reason || !hasTimedOut(signal) || last === undefined) throw error;
    throw new UnikernelError(
      "WAIT_TIMEOUT",
      `Volume '${last.name}' is still '${last.state}' after ${Math.round((clock.now() - startMs) / 1000)} s.`,
    );
  }
}

/** {@link waitUntilReady} for a volume that was usable before. Adds a hint to `OPERATION_FAILED` on how to replace it. */
export const waitUntilReadyAgain = (context: ProviderContext, id: string): Promise<VolumeItem> =>
  waitUntilReady(context, id).catch((error: unknown) => {
    throw withErrorContext(error, { OPERATION_FAILED: { hint: REPLACE_HINT } });
  });

/** True if an unfinished volume equals the inputs, apart from what the last requests of a create set. */
const isAsRequested = (item: VolumeItem, inputs: VolumeInputs): boolean =>
  item.state !== "error" &&
  diff(
    { inputs: volumeInputs },
    { ...observedInputs(item, inputs), deleteLock: inputs.deleteLock, quotaPolicy: inputs.quotaPolicy },
    inputs,
  ).length === 0;

/** Creates a volume: empty, from a template, or as a copy; or finds the one that a killed create of this resource left. It may not be ready yet. */
export async function createVolume(context: ProviderContext, inputs: VolumeInputs): Promise<VolumeItem> {
  const { client, ownership } = context;
  const { name = "", cloneFrom, contentFrom, template, quotaPolicy, accessMode, tags } = inputs;
  const marks = ownership === undefined ? [] : [unfinishedMark(ownership)];
  const attempted = `Creating volume '${name}'`;
  const copy = async (original: string) => {
    const options = { vol_name: name, quota_policy: quotaPolicy, access_mode: accessMode };
    const body = omitUndefined({ ...toReference(original), ...options, tags: omitEmpty([...tags, ...marks]) });
    return onlyItem(await client.cloneVolumes({ body: [body] }), `${attempted} as a copy of '${original}'`);
  };
  const origin = cloneFrom !== undefined ? "cloneFrom" : template !== undefined ? "template" : undefined;
  return createOrResume<VolumeItem>(context, {
    kind: "Volume",
    name,
    create: () =>
      createOrRecover<VolumeItem>(
        context,
        async () =>
          cloneFrom === undefined
            ? onlyItem(await client.createVolume({ body: toCreateRequest(inputs, marks) }), attempted)
            : copy(cloneFrom),
        async () => (await client.getVolumes({ query: { name: [name] } })).items[0],
        // A volume created from a template or as a copy has the size of its original first.
        ({ size_mb }) => origin !== undefined || size_mb === undefined || size_mb === inputs.sizeMb,
      ),
    findHolder: async () => {
      const object = await findVolume(context, name);
      return object && { object, holder: holderByMark(object.tags, ownership) };
    },
    // It holds nothing yet: only what is the same already is worth keeping, which a copy does not tell.
    resume: (item) =>
      Promise.resolve((origin ?? contentFrom) === undefined && isAsRequested(item, inputs) ? item : undefined),
    discard: async (item) => void onlyItem(await client.deleteVolumes({ body: [{ uuid: item.uuid }] }), attempted),
    errorContexts: {
      QUOTA_EXCEEDED: { property: "sizeMb" },
      ...(origin === undefined ? {} : { NOT_FOUND: { property: origin, hint: "Check its id or name in this metro." } }),
    },
  });
}

/** The existing instances that the volume is attached to, as a list for a sentence; empty if there are none. */
export async function listAttachedInstances(context: ProviderContext, id: string): Promise<string> {
  const volume = onlyItem(await context.client.getVolumes({ query: { uuid: [id] } }), `Reading volume '${id}'`);
  return listExistingInstances(
    context,
    (volume.attached_to ?? []).map(({ uuid }) => uuid),
  );
}

/** The error of a possibly incomplete change. It carries the observed state, from which the next update continues. */
export async function initFailure(context: ProviderContext, item: VolumeItem, requested: VolumeInputs, error: unknown) {
  const now = await findVolume(forCleanup(context), item.uuid).catch(() => undefined);
  return new ResourceInitFailedError(item.uuid, toOutputs(now ?? item, requested), error);
}

/** Deletes a volume that could not be initialized; false if that fails too. */
export async function tryDelete({ client }: ProviderContext, { uuid }: VolumeItem): Promise<boolean> {
  try {
    const { items } = await client.deleteVolumes({ body: [{ uuid }] });
    return items[0]?.status !== "error";
  } catch {
    return false;
  }
}
