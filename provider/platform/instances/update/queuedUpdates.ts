/** Changes of what an instance is to be: at once where nothing runs that was made of it, else at the next stop. */
import { INSTANCE_PROPS_ANY_STATE } from "../../../contract/models";
import { Refusal } from "../../errors";
import {
  imageFacts,
  type InstanceDefinition,
  type InstanceRecord,
  type QueuedUpdate,
  romRecord,
} from "../../store/instances";
import { usesDisks } from "./attachments";
import type { InstanceCore } from "../lifecycle/machine";
import { neverRuns } from "./templates";
import { applyChange, type InstanceChange, type PatchContext } from "./patch";

/** Most changes of one instance that wait, or failed. */
const MAX_UPDATES = 256;

/**
 * Makes a change, or queues it until the VM that was started without it has ended. Written when it returns.
 *
 * Throws what {@link applyChange} throws, and refusals `FailedWrongVmState` where nothing is queued, `TooMany` where too
 * much is.
 */
export function changeDefinition(core: InstanceCore, change: InstanceChange): void {
  const { record, state, around } = core;
  if (neverRuns(state)) {
    const why = `Instance '${record.name}' is a ${state}, which is changed as one: under /v1/instances/${state}s`;
    throw new Refusal("FailedWrongVmState", why);
  }
  const context = around.patchContext(record);
  const isStopped = state === "stopped" && !usesDisks(core);
  if (isStopped) applyPending(core); // what was asked for before comes before
  if (isStopped || INSTANCE_PROPS_ANY_STATE.includes(change.prop)) {
    return core.redefine(applyChange(core.record.definition, change, context));
  }
  if (!around.queuesUpdates) {
    const why = `Instance '${record.name}' is ${state}; '${change.prop}' can only change while it is stopped`;
    throw new Refusal("FailedWrongVmState", why);
  }
  applyChange(afterUpdates(record, context), change, context); // what cannot be is refused now, not at the stop
  const updates: QueuedUpdate[] = [...stillNeeded(record.status.updates, change), { ...change, status: "pending" }];
  if (updates.length > MAX_UPDATES) {
    const why = `${MAX_UPDATES} changes of instance '${record.name}' wait for its stop already`;
    throw new Refusal("TooMany", `${why}; stop it, so that they are made`);
  }
  core.redefine(record.definition, { updates }); // not lightly as a status: what was accepted must outlast a loss of power
}

/** Without what waits and would be overwritten by this change. */
function stillNeeded(updates: readonly QueuedUpdate[], { prop, op, value }: InstanceChange): readonly QueuedUpdate[] {
  const overwrites = op === "set" || (op === "del" && value === undefined);
  const waiting = updates.filter(({ status }) => status === "pending");
  // What was to come to the arguments of an image that waits is still to come to those.
  const isBuiltOn = prop === "image" && waiting.some((update) => update.prop === "args");
  return overwrites && !isBuiltOn ? updates.filter((one) => one.prop !== prop || one.status !== "pending") : updates;
}

/** A VM is about to be made: what still waits is applied, such as what came while the instance was asleep. */
export function applyPending(core: InstanceCore): void {
  if (core.record.status.updates.some((update) => update.status === "pending")) applyQueued(core);
}

/** The VM is gone: what waited for that is applied in its order. What cannot be applied says why until the next stop. */
export function applyQueued(core: InstanceCore): void {
  const { record } = core;
  if (record.status.updates.length === 0) return;
  const { definition, failed } = applied(record, core.around.patchContext(record));
  try {
    core.redefine(definition, { updates: failed });
  } catch (error) {
    core.log("instance.updates-wait", { reason: error instanceof Error ? error.message : String(error) });
  }
}

function applied(
  { definition, status }: InstanceRecord,
  context: PatchContext,
): { readonly definition: InstanceDefinition; readonly failed: QueuedUpdate[] } {
  const failed: QueuedUpdate[] = [];
  const pending = status.updates.filter((update) => update.status === "pending");
  const changed = pending.reduce((before, update) => {
    try {
      return applyChange(before, update, context);
    } catch (error) {
      failed.push({ ...update, status: "failed", error: error instanceof Error ? error.message : String(error) });
      return before;
    }
  }, definition);
  return { definition: changed, failed };
}

/** What the instance will be when everything that waits is applied. */
export const afterUpdates = (record: InstanceRecord, context: PatchContext): InstanceDefinition =>
  applied(record, context).definition;

/** Digests of the layers that an instance boots from, or will after changes that wait. */
export function bootDigests({ definition, status }: InstanceRecord): string[] {
  const images = [definition, ...status.updates.flatMap(({ value }) => imageFacts.safeParse(value).data ?? [])];
  const roms = [
    ...definition.roms,
    ...status.updates.flatMap(({ value }) => romRecord.array().safeParse(value).data ?? []),
  ];
  return [
    ...images.flatMap(({ kernelDigest, initrdDigest }) => [kernelDigest, initrdDigest ?? []].flat()),
    ...roms.flatMap(({ image }) => image?.initrdDigest ?? []),
  ];
}
