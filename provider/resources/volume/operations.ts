/** What a Volume's lifecycle is made of: making, waiting and changing. */
import { onlyItem } from "../../client/client";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { VolumeItem, VolumeProp } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { hasTimedOut } from "../../base/timeout";
import { UnikernelError, withErrorContext } from "../../base/errors";
import { type PlannedPatch, toPatchOperation } from "../common/patchOperation";
import type { ProviderContext } from "../context";
import { toReference } from "../common/fields";
import type { VolumeInputs } from "./inputs";
import {
  type VolumeSettings,
  observedSettings,
  planVolumeUpdate,
  findUnsupportedChange,
  toCreateRequest,
} from "./plan";
import { withInUseHint } from "./attachments";

const POLL_MS = 200;

const REPLACE_HINT =
  "Have it made anew, without its data, by 'pulumi up --replace' with its URN; under a fixed name that takes the option deleteBeforeReplace: true.";

/**
 * Waits until a volume can be used.
 *
 * Throws `OPERATION_FAILED` when it never will, and `WAIT_TIMEOUT` when the context's time is up.
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
          `Volume '${item.name}' could not be made: ${item.message ?? "its state is 'error'"}.`,
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

/** {@link waitUntilReady} for a volume that has been of use, with the way out where it is so no more. */
export const waitUntilReadyAgain = (context: ProviderContext, id: string): Promise<VolumeItem> =>
  waitUntilReady(context, id).catch((error: unknown) => {
    throw withErrorContext(error, { OPERATION_FAILED: { hint: REPLACE_HINT } });
  });

/** An empty volume, one from a template, or a copy; not ready yet. */
export async function createVolume(context: ProviderContext, inputs: VolumeInputs): Promise<VolumeItem> {
  const { client } = context;
  const { name = "", cloneFrom, template, quotaPolicy, accessMode, tags } = inputs;
  const attempted = `Creating volume '${name}'`;
  const copy = async (original: string) => {
    const options = { vol_name: name, quota_policy: quotaPolicy, access_mode: accessMode };
    const body = omitUndefined({ ...toReference(original), ...options, tags: tags.length === 0 ? undefined : tags });
    return onlyItem(await client.cloneVolumes({ body: [body] }), `${attempted} as a copy of '${original}'`);
  };
  const origin = cloneFrom !== undefined ? "cloneFrom" : template !== undefined ? "template" : undefined;
  return createOrRecover<VolumeItem>(
    context,
    async () =>
      cloneFrom === undefined
        ? onlyItem(await client.createVolume({ body: toCreateRequest(inputs) }), attempted)
        : copy(cloneFrom),
    async () => (await client.getVolumes({ query: { name: [name] } })).items[0],
    // One with an origin has that one's size at first.
    ({ size_mb }) => origin !== undefined || size_mb === undefined || size_mb === inputs.sizeMb,
  ).catch((error: unknown) => {
    throw withErrorContext(error, {
      ALREADY_EXISTS: { property: "name" },
      QUOTA_EXCEEDED: { property: "sizeMb" },
      ...(origin === undefined
        ? {}
        : { NOT_FOUND: { property: origin, hint: "Look for its id or name in this metro." } }),
    });
  });
}

/**
 * What brings a volume, as it is, to what is asked for.
 *
 * Throws `INPUT_INVALID` for what cannot be done in place, where only the volume itself could tell so.
 */
export function planChanges(
  item: VolumeItem,
  olds: Partial<VolumeInputs>,
  news: VolumeInputs,
): readonly PlannedPatch<VolumeProp>[] {
  const observed: VolumeSettings = observedSettings(item, olds);
  const unsupported = findUnsupportedChange({ ...olds, ...observed, name: item.name }, news);
  if (unsupported === undefined) return planVolumeUpdate(observed, news);
  const { property, reason, hint } = unsupported;
  throw new UnikernelError("INPUT_INVALID", `Volume '${item.name}' ${reason}`, {
    property,
    ...(hint === undefined ? {} : { hint }),
  });
}

const INPUT_BY_PROP: Readonly<Record<VolumeProp, keyof VolumeInputs>> = {
  size_mb: "sizeMb",
  tags: "tags",
  quota_policy: "quotaPolicy",
  delete_lock: "deleteLock",
};

/** Makes the changes, one after the other. */
export async function applyChanges(
  context: ProviderContext,
  { uuid, name }: VolumeItem,
  changes: readonly PlannedPatch<VolumeProp>[],
): Promise<void> {
  for (const change of changes) {
    const property = INPUT_BY_PROP[change.prop];
    try {
      const reply = await context.client.patchVolumes({ body: [{ uuid, ...toPatchOperation(change) }] });
      onlyItem(reply, `Changing volume '${name}' (${change.what})`);
    } catch (error) {
      throw withErrorContext(await withInUseHint(context, uuid, error), {
        IN_USE: { property },
        STATE_CONFLICT: { property },
        QUOTA_EXCEEDED: { property },
        API_REJECTED: { property },
      });
    }
  }
}
