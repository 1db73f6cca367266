/** From a stop to an instance that is stopped, or gone. */
import { within } from "../../../base/timeout";
import { detachQueued } from "../update/attachments";
import { neverRuns } from "../update/templates";
import type { InstanceCore } from "./machine";
import { nextPhase, type Run } from "./vmSession";
import { type StopFacts, stopFacts, stoppedWithoutGuest } from "./stopReason";
import { atEnd } from "./transitions";
import { applyQueued } from "../update/queuedUpdates";

/** Drains for up to `drainTimeoutMs`, then asks the guest to end. */
export async function stop(core: InstanceCore, drainTimeoutMs: number): Promise<void> {
  const { run, service } = core;
  if (run === undefined) return stopWithoutVm(core);
  if (core.state === "stopping") {
    core.intend({ stopAskedBy: "user" }); // it was to end in standby
    return core.rotate();
  }
  const { isFrozen } = core;
  core.intend({ stopAskedBy: "user", stopForced: false });
  if (isFrozen) await thaw(core, run);
  if (drainTimeoutMs === 0 || service === undefined || isFrozen || core.state === "starting") {
    return shutDown(core, false);
  }
  if (core.state !== "draining") beginDrain(core, run, service, drainTimeoutMs);
}

/** Lets a frozen guest run again so that it can end by itself. */
export async function thaw(core: InstanceCore, run: Run): Promise<void> {
  core.publish({ startedAt: Date.now() }); // the time between was none of its own
  await run.vm.resume();
}

/** Gives the instance no new connections; the actor hears when the open ones are gone, or the time is over. */
export function beginDrain(
  core: InstanceCore,
  run: Run,
  { rotation }: Pick<NonNullable<InstanceCore["service"]>, "rotation">,
  drainTimeoutMs: number,
): void {
  core.publish({ state: "draining" });
  const phase = nextPhase(run);
  void within(drainTimeoutMs, phase, (signal) => rotation.drain(core.record.uuid, signal)).then(() =>
    core.inbox.post({ is: "drained", run }),
  );
}

/** Cuts the VM off. */
export function forceStop(core: InstanceCore): void {
  if (core.run === undefined) return stopWithoutVm(core);
  core.intend({ stopAskedBy: "user" });
  shutDown(core, true);
}

/** Ends a restart sequence, or a standby that keeps no VM. */
function stopWithoutVm(core: InstanceCore): void {
  const slept = core.state === "standby";
  core.intend({
    restart: undefined,
    ...(slept ? { state: "stopped" as const, stoppedAt: Date.now(), ...stoppedWithoutGuest } : {}),
  });
  clearTimeout(core.restartTimer);
  applyQueued(core);
  core.rotate();
}

/** Begins the end of the VM; its exit follows. */
export function shutDown(core: InstanceCore, forced: boolean): void {
  const { run } = core;
  if (run === undefined) return;
  run.phase.abort();
  core.publish({ state: "stopping", stopForced: forced });
  core.rotate();
  run.vm.stop({ graceMs: forced ? 0 : core.around.timings.stopGraceMs }).catch((error: unknown) => {
    core.log("instance.stop-failed", { reason: error instanceof Error ? error.message : String(error) });
  });
}

/** The VM is gone: what waited for that happens, and the restart policy applies. */
export function noteEnd(core: InstanceCore, facts: StopFacts): void {
  clearTimeout(core.idleTimer);
  core.wakeups.ended();
  detachQueued(core);
  applyQueued(core);
  const { status, definition } = core.record;
  const { uptimeMs } = core;
  const { change, restartInMs } = atEnd(status, definition, facts, {
    now: Date.now(),
    uptimeMs,
    timings: core.around.timings,
  });
  core.publish(change);
  core.log("instance.stopped", {
    stop_reason: facts.stopReason,
    stop_code: facts.stopCode,
    exit_code: facts.exitCode,
  });
  core.rotate();
  if (restartInMs !== undefined) scheduleRestart(core, restartInMs);
  removeIfDone(core);
}

/** An instance that is to go when it has stopped goes, unless it is locked. */
export function removeIfDone(core: InstanceCore): void {
  const { definition, status } = core.record;
  const { deleteOnStop, deleteLock } = definition;
  if (!deleteOnStop || deleteLock || core.state !== "stopped" || core.run !== undefined) return;
  if (status.startCount === 0 || status.restart !== undefined || status.becomesTemplate === true) return;
  void core.inbox.request("delete").catch(() => undefined); // the actor has logged it
}

/** Asks for a restart after a pause. */
export function scheduleRestart(core: InstanceCore, pauseMs: number): void {
  clearTimeout(core.restartTimer);
  const restart = (): void => void core.inbox.request("restart").catch(() => undefined); // the actor has logged it
  core.restartTimer = setTimeout(restart, pauseMs);
}

/**
 * Ends the VM, if there is one, and removes everything that is kept of the instance. Once it is written that the instance
 * is to go, a removal that fails is tried again until it succeeds.
 */
export async function remove(core: InstanceCore): Promise<void> {
  if (!core.record.status.deleting) core.intend({ deleting: true });
  clearTimeout(core.restartTimer);
  clearTimeout(core.idleTimer);
  core.rotation?.remove(core.record.uuid);
  let facts: StopFacts = stoppedWithoutGuest;
  try {
    if (core.run !== undefined) facts = await endForGood(core, core.run);
    await core.around.remove(core.record);
  } catch (error) {
    if (core.run === undefined) noteNotRemoved(core, facts);
    core.again(() => void core.inbox.request("delete").catch(() => undefined)); // the actor has logged it
    throw error;
  }
  core.log("instance.deleted");
}

/** Ends the VM of what is being deleted. */
async function endForGood(core: InstanceCore, run: Run): Promise<StopFacts> {
  const { isFrozen, around } = core;
  run.phase.abort();
  // What a program wrote to a volume must be on it: only a guest that shuts down writes out what it holds back.
  const writes = core.record.volumes.some((volume) => !volume.readonly);
  if (isFrozen && writes) await run.vm.resume().catch(() => undefined); // one that hangs is cut off
  const exit = await run.vm.stop({ graceMs: writes ? around.timings.stopGraceMs : 0 });
  run.over.abort();
  core.run = undefined;
  return stopFacts(exit, { by: "user", forced: !writes });
}

/** Its VM is gone: what stays for now runs no more, and takes nothing of what is for those that do. */
function noteNotRemoved(core: InstanceCore, facts: StopFacts): void {
  if (core.state === "stopped" || neverRuns(core.state)) return;
  const { uptimeMs } = core;
  core.publish({ state: "stopped", stoppedAt: Date.now(), uptimeMs, ...facts, snapshotUuid: undefined });
}
