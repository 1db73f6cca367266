/** Changes of what an instance is to be: at once where nothing runs that was made of it, else at the next stop. */
import type { InstancePatchOperation } from "../instance";
import { errorMessage } from "../../../base/errors";
import { INSTANCE_PROPS_ANY_STATE } from "../../../contract/models";
import { ApiItemError } from "../../errors";
import {
  resolvedImage,
  type InstanceDefinition,
  type InstanceRecord,
  type QueuedUpdate,
  romRecord,
} from "../../store/instances";
import { usesDisks } from "./attachments";
import type { InstanceMachine } from "../lifecycle/machine";
import { isTemplateOrCheckpoint } from "./templates";
import { applyPatch, type PatchContext } from "./patch";

/** Most changes of one instance that wait, or failed. */
const MAX_QUEUED_UPDATES = 256;

/**
 * Makes a change, or queues it until the VM that was started without it has ended. Written when it returns.
 *
 * Throws what {@link applyPatch} throws, and refusals `FailedWrongVmState` where nothing is queued, `TooMany` where too
 * much is.
 */
export function patchDefinition(machine: InstanceMachine, change: InstancePatchOperation): void {
  const { record, state, env } = machine;
  if (isTemplateOrCheckpoint(state)) {
    const why = `Instance '${record.name}' is a ${state}, which is changed as one: under /v1/instances/${state}s`;
    throw new ApiItemError("FailedWrongVmState", why);
  }
  const context = env.patchContext(record);
  const isStopped = state === "stopped" && !usesDisks(machine);
  if (isStopped) applyPendingUpdates(machine); // what was asked for before comes before
  if (isStopped || INSTANCE_PROPS_ANY_STATE.includes(change.prop)) {
    return machine.replaceDefinition(applyPatch(machine.record.definition, change, context));
  }
  if (!env.queuesUpdates) {
    const why = `Instance '${record.name}' is ${state}; '${change.prop}' can only change while it is stopped`;
    throw new ApiItemError("FailedWrongVmState", why);
  }
  applyPatch(definitionAfterUpdates(record, context), change, context); // what cannot be is refused now, not at the stop
  const updates: QueuedUpdate[] = [
    ...withoutOverwritten(record.status.updates, change),
    { ...change, status: "pending" },
  ];
  if (updates.length > MAX_QUEUED_UPDATES) {
    const why = `${MAX_QUEUED_UPDATES} changes of instance '${record.name}' wait for its stop already`;
    throw new ApiItemError("TooMany", `${why}; stop it, so that they are made`);
  }
  machine.replaceDefinition(record.definition, { updates }); // not lightly as a status: what was accepted must outlast a loss of power
}

/** Without what waits and would be overwritten by this change. */
function withoutOverwritten(
  updates: readonly QueuedUpdate[],
  { prop, op, value }: InstancePatchOperation,
): readonly QueuedUpdate[] {
  const overwrites = op === "set" || (op === "del" && value === undefined);
  const waiting = updates.filter(({ status }) => status === "pending");
  // What was to come to the arguments of an image that waits is still to come to those.
  const isBuiltOn = prop === "image" && waiting.some((update) => update.prop === "args");
  return overwrites && !isBuiltOn ? updates.filter((one) => one.prop !== prop || one.status !== "pending") : updates;
}

/** A VM is about to be made: what still waits is applied, such as what came while the instance was asleep. */
export function applyPendingUpdates(machine: InstanceMachine): void {
  if (machine.record.status.updates.some((update) => update.status === "pending")) applyQueuedUpdates(machine);
}

/** The VM is gone: what waited for that is applied in its order. What cannot be applied says why until the next stop. */
export function applyQueuedUpdates(machine: InstanceMachine): void {
  const { record } = machine;
  if (record.status.updates.length === 0) return;
  const { definition, failed } = applyUpdates(record, machine.env.patchContext(record));
  try {
    machine.replaceDefinition(definition, { updates: failed });
  } catch (error) {
    machine.log("instance.updates-wait", { reason: errorMessage(error) });
  }
}

function applyUpdates(
  { definition, status }: InstanceRecord,
  context: PatchContext,
): { readonly definition: InstanceDefinition; readonly failed: QueuedUpdate[] } {
  const failed: QueuedUpdate[] = [];
  const pending = status.updates.filter((update) => update.status === "pending");
  const changed = pending.reduce((before, update) => {
    try {
      return applyPatch(before, update, context);
    } catch (error) {
      failed.push({ ...update, status: "failed", error: errorMessage(error) });
      return before;
    }
  }, definition);
  return { definition: changed, failed };
}

/** What the instance will be when everything that waits is applied. */
export const definitionAfterUpdates = (record: InstanceRecord, context: PatchContext): InstanceDefinition =>
  applyUpdates(record, context).definition;

/** Digests of the layers that an instance boots from, or will after changes that wait. */
export function bootLayerDigests({ definition, status }: InstanceRecord): string[] {
  const images = [definition, ...status.updates.flatMap(({ value }) => resolvedImage.safeParse(value).data ?? [])];
  const roms = [
    ...definition.roms,
    ...status.updates.flatMap(({ value }) => romRecord.array().safeParse(value).data ?? []),
  ];
  return [
    ...images.flatMap(({ kernelDigest, initrdDigest }) => [kernelDigest, initrdDigest ?? []].flat()),
    ...roms.flatMap(({ image }) => image?.initrdDigest ?? []),
  ];
}
