/** From a start to an instance that answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../../errors";
import type { Vm } from "../../vmm/vmm";
import type { InstanceCore } from "./machine";
import { beginRun, nextPhase, type Run, untilAnswers } from "./vmSession";
import { armSleep } from "./scaleToZero";
import { startFailed, stoppedWithoutGuest } from "./stopReason";
import { noteEnd } from "./stopping";
import { atStart } from "./transitions";
import { applyPending } from "../update/queuedUpdates";

/**
 * Boots the VM, or thaws the one that sleeps. Throws a refusal `Quota`, with nothing changed; what the VMM throws; a
 * refusal `FailedOperation` when an instance that it depends on cannot run, or a stop came before it could.
 */
export async function start(core: InstanceCore, isRestart: boolean): Promise<void> {
  clearTimeout(core.restartTimer);
  if (core.state === "standby") core.wakeups.begin();
  if (core.run === undefined) applyPending(core);
  try {
    core.around.admit(core.record);
  } catch (error) {
    if (isRestart) noteEnd(core, startFailed); // nobody would try again
    throw error;
  }
  if (core.run !== undefined) return await resume(core, core.run);
  core.intend(atStart(core.record.status, isRestart, Date.now()));
  core.rotate();
  try {
    const ready = await othersReady(core);
    if (core.isReleased) return; // the next daemon finds an instance that did not get to start
    const begunAt = performance.now();
    if (ready) {
      attach(core, await core.around.vmm.start(core.around.spec(core.record)), begunAt, false);
      return;
    }
  } catch (error) {
    noteEnd(core, startFailed);
    throw error;
  }
  noteEnd(core, stoppedWithoutGuest);
  throw new Refusal("FailedOperation", `Instance '${core.record.name}' was stopped before it could start`);
}

/** Waits for instances that this one depends on and for work on its disks; false when a stop or delete ended the wait. */
async function othersReady(core: InstanceCore): Promise<boolean> {
  const waiting = new AbortController();
  const { signal } = waiting;
  core.waiting = waiting;
  if (core.inbox.endIsAsked()) waiting.abort();
  try {
    await core.around.dependencies(core.record, signal);
    await core.around.disksFree(core.record);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    core.waiting = undefined;
  }
  return !signal.aborted;
}

async function resume(core: InstanceCore, run: Run): Promise<void> {
  await run.vm.resume();
  const { startCount, netTimeUs } = core.record.status;
  core.publish({
    state: "running",
    startedAt: Date.now(),
    startCount: startCount + 1,
    snapshotUuid: undefined,
    stopAskedBy: undefined,
    stopReason: undefined,
    stopCode: undefined,
  });
  if (netTimeUs === undefined) probe(core, run);
  else noteAnswered(core, run);
}

/** Makes a VM that runs the instance's own. */
export function attach(core: InstanceCore, vm: Vm, begunAt: number, adopted: boolean): Run {
  const run = beginRun(vm, begunAt, adopted);
  core.run = run;
  void vm.started.then(() => core.inbox.post({ is: "started", run }));
  void vm.exited.then((exit) => core.inbox.post({ is: "exited", run, exit }));
  return run;
}

/** The guest's program runs. */
export function noteStarted(core: InstanceCore, run: Run): void {
  if (core.state === "starting") {
    core.publish({ state: "running", ...(run.adopted ? {} : { bootTimeUs: microsecondsSince(run.begunAt) }) });
  }
  if (core.state !== "running") return;
  probe(core, run);
  if (core.record.status.restart === undefined) return;
  sleep(core.around.timings.healthyMs, undefined, { signal: run.over.signal, ref: false }).then(
    () => core.inbox.post({ is: "healthy", run }),
    () => undefined, // it ended before
  );
}

/** Puts the instance into rotation when it answers on every port. */
export function probe(core: InstanceCore, run: Run): void {
  const { service } = core;
  if (service === undefined) return;
  service.rotation.set(core.record.uuid, "coming");
  void untilAnswers(run.vm, service.destinationPorts, core.around.timings, nextPhase(run)).then((all) => {
    if (all) core.inbox.post({ is: "answered", run });
  });
}

/** Every port has answered. */
export function noteAnswered(core: InstanceCore, run: Run): void {
  if (core.state !== "running" || run.phase.signal.aborted) return;
  const { uuid, status } = core.record;
  if (status.netTimeUs === undefined) core.publish({ netTimeUs: microsecondsSince(run.begunAt) });
  core.wakeups.answered();
  core.rotation?.set(uuid, "ready", run.vm);
  armSleep(core, core.rotation?.connections(uuid) ?? 0);
}

const microsecondsSince = (begunAt: number): number => Math.max(1, Math.round((performance.now() - begunAt) * 1000));
