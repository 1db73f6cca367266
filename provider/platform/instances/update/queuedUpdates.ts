/** Changes of an instance's definition: applied at once if no VM uses it, otherwise at the next stop. */
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

/** Most queued and failed changes per instance. */
const MAX_QUEUED_UPDATES = 256;

/**
 * Applies a change, or queues it until the running VM has stopped. It is saved before this returns.
 *
 * Throws what {@link applyPatch} throws; `FailedWrongVmState` if the platform does not queue changes, or for a template or
 * checkpoint; `TooMany` if the queue is full.
 */
export function patchDefinition(machine: InstanceMachine, change: InstancePatchOperation): void {
  const { record, state, env } = machine;
  if (isTemplateOrCheckpoint(state)) {
    const why = `Instance '${record.name}' is a ${state}; change it under /v1/instances/${state}s`;
    throw new ApiItemError("FailedWrongVmState", why);
  }
  const context = env.patchContext(record);
  const isStopped = state === "stopped" && !usesDisks(machine);
  if (isStopped) applyPendingUpdates(machine); // earlier changes come first
  if (isStopped || INSTANCE_PROPS_ANY_STATE.includes(change.prop)) {
    return machine.replaceDefinition(applyPatch(machine.record.definition, change, context));
  }
  if (!env.queuesUpdates) {
    const why = `Instance '${record.name}' is ${state}; '${change.prop}' can only change while it is stopped`;
    throw new ApiItemError("FailedWrongVmState", why);
  }
  applyPatch(definitionAfterUpdates(record, context), change, context); // reject an invalid change now, not at the stop
  const updates: QueuedUpdate[] = [
    ...withoutOverwritten(record.status.updates, change),
    { ...change, status: "pending" },
  ];
  if (updates.length > MAX_QUEUED_UPDATES) {
    const why = `${MAX_QUEUED_UPDATES} changes of instance '${record.name}' are already queued`;
    throw new ApiItemError("TooMany", `${why}; stop it to apply them`);
  }
  machine.replaceDefinition(record.definition, { updates }); // not saved as a status change: an accepted change must survive a power failure
}

/** The queued changes without those that this change would overwrite. */
function withoutOverwritten(
  updates: readonly QueuedUpdate[],
  { prop, op, value }: InstancePatchOperation,
): readonly QueuedUpdate[] {
  const overwrites = op === "set" || (op === "del" && value === undefined);
  const waiting = updates.filter(({ status }) => status === "pending");
  // Changes of the arguments that were queued for a queued image still apply to that image.
  const isBuiltOn = prop === "image" && waiting.some((update) => update.prop === "args");
  return overwrites && !isBuiltOn ? updates.filter((one) => one.prop !== prop || one.status !== "pending") : updates;
}

/** Applies waiting changes before a boot, such as those that were queued during standby. */
export function applyPendingUpdates(machine: InstanceMachine): void {
  if (machine.record.status.updates.some((update) => update.status === "pending")) applyQueuedUpdates(machine);
}

/**
 * Applies queued changes, in order, after the VM has stopped. A change that fails keeps its error until the next stop.
 */
export function applyQueuedUpdates(machine: InstanceMachine): void {
  const { record } = machine;
  if (record.status.updates.length === 0) return;
  const { definition, failed } = applyUpdates(record, machine.env.patchContext(record));
  try {
    machine.replaceDefinition(definition, { updates: failed });
  } catch (error) {
    machine.log("instance.updates-not-applied", { reason: errorMessage(error) });
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

/** The definition with all waiting changes applied. */
export const definitionAfterUpdates = (record: InstanceRecord, context: PatchContext): InstanceDefinition =>
  applyUpdates(record, context).definition;

/** Digests of the layers that an instance boots from now, or after its queued changes. */
export function bootLayerDigests({ definition, status }: InstanceRecord): string[] {
  const { images, roms } = imagesOf({ definition, status });
  return [
    ...images.flatMap(({ kernelDigest, initrdDigest }) => [kernelDigest, initrdDigest ?? []].flat()),
    ...roms.flatMap(({ image }) => image?.initrdDigest ?? []),
  ];
}

/** Digests of the images that an instance boots from, or will after its next restart. */
export function imageDigests(record: InstanceRecord): string[] {
  const { images, roms } = imagesOf(record);
  return [...images.map(({ digest }) => digest), ...roms.flatMap(({ image }) => image?.digest ?? [])];
}

function imagesOf({ definition, status }: Pick<InstanceRecord, "definition" | "status">) {
  const images = [definition, ...status.updates.flatMap(({ value }) => resolvedImage.safeParse(value).data ?? [])];
  const roms = [
    ...definition.roms,
    ...status.updates.flatMap(({ value }) => romRecord.array().safeParse(value).data ?? []),
  ];
  return { images, roms };
}
