/** Stops and deletes instances. */
import { errorMessage } from "../../../base/errors";
import { withTimeout } from "../../../base/timeout";
import { MemoryLostError } from "../../vmm/vmm";
import { applyQueuedDetaches } from "../update/attachments";
import { isTemplateOrCheckpoint } from "../update/templates";
import type { RequestOptions } from "../instance";
import type { InstanceMachine } from "./machine";
import { nextPhase, type VmSession } from "./vmSession";
import { type StopFacts, stopFacts, stoppedWithoutGuest } from "./stopReason";
import { endTransition } from "./transitions";
import { applyQueuedUpdates } from "../update/queuedUpdates";

/** Limits of a drain. */
type DrainOptions = Pick<RequestOptions, "drainTimeoutMs" | "halfClosedTimeoutMs">;

/** Drains for up to `drainTimeoutMs` milliseconds, then asks the guest to shut down. */
export async function stop(machine: InstanceMachine, { drainTimeoutMs = 0, ...limits }: DrainOptions): Promise<void> {
  const { session, service } = machine;
  if (session === undefined) return stopWithoutVm(machine);
  if (machine.state === "stopping") {
    machine.persistThenApply({ stopAskedBy: "user" }); // it was going to standby
    return machine.updateRotation();
  }
  const { isPaused } = machine;
  machine.persistThenApply({ stopAskedBy: "user", stopForced: false });
  if (isPaused) await resumeToStop(machine, session);
  if (drainTimeoutMs === 0 || service === undefined || isPaused || machine.state === "starting") {
    return stopVm(machine, false);
  }
  if (machine.state !== "draining") beginDrain(machine, session, service, { drainTimeoutMs, ...limits });
}

/** Resumes a paused guest so that it can shut down. */
export async function resumeToStop(machine: InstanceMachine, session: VmSession): Promise<void> {
  machine.applyThenPersist({ startedAt: Date.now() }); // don't count paused time as uptime
  await session.vm.resume().catch((error: unknown) => {
    if (!(error instanceof MemoryLostError)) throw error; // otherwise it has ended
  });
}

/**
 * Stops new connections to the instance. Posts `drained` when the open ones have closed or `drainTimeoutMs` has passed.
 */
export function beginDrain(
  machine: InstanceMachine,
  session: VmSession,
  { rotation }: Pick<NonNullable<InstanceMachine["service"]>, "rotation">,
  { drainTimeoutMs = 0, ...limits }: DrainOptions,
): void {
  machine.applyThenPersist({ state: "draining" });
  const phase = nextPhase(session);
  void withTimeout(drainTimeoutMs, phase, (signal) => rotation.drain(machine.record.uuid, limits, signal)).then(() =>
    machine.inbox.post({ is: "drained", session }),
  );
}

/** Stops the VM without a grace period. */
export function forceStop(machine: InstanceMachine): void {
  if (machine.session === undefined) return stopWithoutVm(machine);
  // Don't count paused time as uptime.
  machine.persistThenApply({ stopAskedBy: "user", ...(machine.isPaused ? { startedAt: Date.now() } : {}) });
  stopVm(machine, true);
}

/** Stops an instance that has no VM: cancels its restart sequence, or ends its standby. */
function stopWithoutVm(machine: InstanceMachine): void {
  const wasStandby = machine.state === "standby";
  machine.persistThenApply({
    restart: undefined,
    ...(wasStandby ? { state: "stopped" as const, stoppedAt: Date.now(), ...stoppedWithoutGuest } : {}),
  });
  clearTimeout(machine.restartTimer);
  applyQueuedUpdates(machine);
  machine.updateRotation();
}

/** Starts stopping the VM; the event `exited` follows. `forced`: without a grace period. */
export function stopVm(machine: InstanceMachine, forced: boolean): void {
  const { session } = machine;
  if (session === undefined) return;
  session.phase.abort();
  machine.applyThenPersist({ state: "stopping", stopForced: forced });
  machine.updateRotation();
  session.vm.stop({ graceMs: forced ? 0 : machine.env.timings.stopGraceMs }).catch((error: unknown) => {
    machine.log("instance.stop-failed", { reason: errorMessage(error) });
  });
}

/** Records the stop, applies queued changes and then the restart policy. */
export function finishStop(machine: InstanceMachine, facts: StopFacts): void {
  clearTimeout(machine.cooldownTimer);
  machine.wakeups.cancel();
  applyQueuedDetaches(machine);
  applyQueuedUpdates(machine);
  const { status, definition } = machine.record;
  const { uptimeMs } = machine;
  const { change, restartDelayMs } = endTransition(status, definition, facts, {
    now: Date.now(),
    uptimeMs,
    timings: machine.env.timings,
  });
  machine.applyThenPersist(change);
  machine.log("instance.stopped", {
    stop_reason: facts.stopReason,
    stop_code: facts.stopCode,
    exit_code: facts.exitCode,
  });
  machine.updateRotation();
  if (restartDelayMs !== undefined) scheduleRestart(machine, restartDelayMs);
  applyDeleteOnStop(machine);
}

/** Deletes a stopped instance that has the feature `delete-on-stop`, unless it has a delete lock. */
export function applyDeleteOnStop(machine: InstanceMachine): void {
  const { definition, status } = machine.record;
  const { deleteOnStop, deleteLock } = definition;
  if (!deleteOnStop || deleteLock || machine.state !== "stopped" || machine.session !== undefined) return;
  if (status.startCount === 0 || status.restart !== undefined || status.becomesTemplate === true) return;
  machine.inbox.request("delete").catch(() => {
    // Once it is recorded, the delete itself is retried.
    if (!machine.record.status.deleting) machine.retryLater(() => applyDeleteOnStop(machine));
  });
}

/** Requests a restart after `pauseMs` milliseconds, and again if its begin could not be written. */
export function scheduleRestart(machine: InstanceMachine, pauseMs: number): void {
  clearTimeout(machine.restartTimer);
  const retry = (): void => {
    const isPending = machine.state === "stopped" && machine.record.status.restart?.nextAt !== undefined;
    if (isPending) machine.retryLater(() => scheduleRestart(machine, 0));
  };
  const restart = (): void => void machine.inbox.request("restart").catch(retry); // the actor has logged the error
  machine.restartTimer = setTimeout(restart, pauseMs);
}

/**
 * Stops the VM, if there is one, and deletes the instance with its files. The delete is recorded first; after that, a
 * failed removal is retried until it succeeds. Throws the failure of the first attempt.
 */
export async function deleteInstance(machine: InstanceMachine): Promise<void> {
  if (!machine.record.status.deleting) machine.persistThenApply({ deleting: true });
  clearTimeout(machine.restartTimer);
  clearTimeout(machine.cooldownTimer);
  clearTimeout(machine.saveTimer);
  machine.rotation?.remove(machine.record.uuid);
  let facts: StopFacts = stoppedWithoutGuest;
  try {
    if (machine.session !== undefined) facts = await stopForDelete(machine, machine.session);
    await machine.env.removeInstance(machine.record);
  } catch (error) {
    if (machine.session === undefined) markStoppedAfterFailedDelete(machine, facts);
    machine.retryLater(() => void machine.inbox.request("delete").catch(() => undefined)); // the actor has logged the error
    throw error;
  }
  machine.log("instance.deleted");
}

/** Stops the VM of an instance that is being deleted. */
async function stopForDelete(machine: InstanceMachine, session: VmSession): Promise<StopFacts> {
  const { isPaused, env } = machine;
  session.phase.abort();
  // With a writable volume the guest must shut down, because only that flushes its page cache to the volume.
  const writes = machine.record.volumes.some((volume) => !volume.readonly);
  if (isPaused && writes) await session.vm.resume().catch(() => undefined); // if it hangs, the grace period ends it
  const exit = await session.vm.stop({ graceMs: writes ? env.timings.stopGraceMs : 0 });
  session.ended.abort();
  machine.session = undefined;
  return stopFacts(exit, { requestedBy: "user", forced: !writes });
}

/** The VM is gone but the instance could not be removed: marks it stopped so that it no longer counts as running. */
function markStoppedAfterFailedDelete(machine: InstanceMachine, facts: StopFacts): void {
  if (machine.state === "stopped" || isTemplateOrCheckpoint(machine.state)) return;
  const { uptimeMs } = machine;
  machine.applyThenPersist({ state: "stopped", stoppedAt: Date.now(), uptimeMs, ...facts, snapshotUuid: undefined });
}
