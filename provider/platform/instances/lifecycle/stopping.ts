/** From a stop to an instance that is stopped, or gone. */
import { errorMessage } from "../../../base/errors";
import { withTimeout } from "../../../base/timeout";
import { applyQueuedDetaches } from "../update/attachments";
import { isTemplateOrCheckpoint } from "../update/templates";
import type { InstanceMachine } from "./machine";
import { nextPhase, type VmSession } from "./vmSession";
import { type StopFacts, stopFacts, stoppedWithoutGuest } from "./stopReason";
import { endTransition } from "./transitions";
import { applyQueuedUpdates } from "../update/queuedUpdates";

/** Drains for up to `drainTimeoutMs`, then asks the guest to end. */
export async function stop(machine: InstanceMachine, drainTimeoutMs: number): Promise<void> {
  const { session, service } = machine;
  if (session === undefined) return stopWithoutVm(machine);
  if (machine.state === "stopping") {
    machine.persistThenApply({ stopAskedBy: "user" }); // it was to end in standby
    return machine.updateRotation();
  }
  const { isPaused } = machine;
  machine.persistThenApply({ stopAskedBy: "user", stopForced: false });
  if (isPaused) await resumeToStop(machine, session);
  if (drainTimeoutMs === 0 || service === undefined || isPaused || machine.state === "starting") {
    return stopVm(machine, false);
  }
  if (machine.state !== "draining") beginDrain(machine, session, service, drainTimeoutMs);
}

/** Lets a frozen guest run again so that it can end by itself. */
export async function resumeToStop(machine: InstanceMachine, session: VmSession): Promise<void> {
  machine.applyThenPersist({ startedAt: Date.now() }); // the time between was none of its own
  await session.vm.resume();
}

/** Gives the instance no new connections; the actor hears when the open ones are gone, or the time is over. */
export function beginDrain(
  machine: InstanceMachine,
  session: VmSession,
  { rotation }: Pick<NonNullable<InstanceMachine["service"]>, "rotation">,
  drainTimeoutMs: number,
): void {
  machine.applyThenPersist({ state: "draining" });
  const phase = nextPhase(session);
  void withTimeout(drainTimeoutMs, phase, (signal) => rotation.drain(machine.record.uuid, signal)).then(() =>
    machine.inbox.post({ is: "drained", run: session }),
  );
}

/** Cuts the VM off. */
export function forceStop(machine: InstanceMachine): void {
  if (machine.session === undefined) return stopWithoutVm(machine);
  machine.persistThenApply({ stopAskedBy: "user" });
  stopVm(machine, true);
}

/** Ends a restart sequence, or a standby that keeps no VM. */
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

/** Begins the end of the VM; its exit follows. */
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

/** The VM is gone: what waited for that happens, and the restart policy applies. */
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

/** An instance that is to go when it has stopped goes, unless it is locked. */
export function applyDeleteOnStop(machine: InstanceMachine): void {
  const { definition, status } = machine.record;
  const { deleteOnStop, deleteLock } = definition;
  if (!deleteOnStop || deleteLock || machine.state !== "stopped" || machine.session !== undefined) return;
  if (status.startCount === 0 || status.restart !== undefined || status.becomesTemplate === true) return;
  void machine.inbox.request("delete").catch(() => undefined); // the actor has logged it
}

/** Asks for a restart after a pause. */
export function scheduleRestart(machine: InstanceMachine, pauseMs: number): void {
  clearTimeout(machine.restartTimer);
  const restart = (): void => void machine.inbox.request("restart").catch(() => undefined); // the actor has logged it
  machine.restartTimer = setTimeout(restart, pauseMs);
}

/**
 * Ends the VM, if there is one, and removes everything that is kept of the instance. Once it is written that the instance
 * is to go, a removal that fails is tried again until it succeeds.
 */
export async function deleteInstance(machine: InstanceMachine): Promise<void> {
  if (!machine.record.status.deleting) machine.persistThenApply({ deleting: true });
  clearTimeout(machine.restartTimer);
  clearTimeout(machine.cooldownTimer);
  machine.rotation?.remove(machine.record.uuid);
  let facts: StopFacts = stoppedWithoutGuest;
  try {
    if (machine.session !== undefined) facts = await stopForDelete(machine, machine.session);
    await machine.env.removeInstance(machine.record);
  } catch (error) {
    if (machine.session === undefined) markStoppedAfterFailedDelete(machine, facts);
    machine.retryLater(() => void machine.inbox.request("delete").catch(() => undefined)); // the actor has logged it
    throw error;
  }
  machine.log("instance.deleted");
}

/** Ends the VM of what is being deleted. */
async function stopForDelete(machine: InstanceMachine, session: VmSession): Promise<StopFacts> {
  const { isPaused, env } = machine;
  session.phase.abort();
  // What a program wrote to a volume must be on it: only a guest that shuts down writes out what it holds back.
  const writes = machine.record.volumes.some((volume) => !volume.readonly);
  if (isPaused && writes) await session.vm.resume().catch(() => undefined); // one that hangs is cut off
  const exit = await session.vm.stop({ graceMs: writes ? env.timings.stopGraceMs : 0 });
  session.ended.abort();
  machine.session = undefined;
  return stopFacts(exit, { requestedBy: "user", forced: !writes });
}

/** Its VM is gone: what stays for now runs no more, and takes nothing of what is for those that do. */
function markStoppedAfterFailedDelete(machine: InstanceMachine, facts: StopFacts): void {
  if (machine.state === "stopped" || isTemplateOrCheckpoint(machine.state)) return;
  const { uptimeMs } = machine;
  machine.applyThenPersist({ state: "stopped", stoppedAt: Date.now(), uptimeMs, ...facts, snapshotUuid: undefined });
}
