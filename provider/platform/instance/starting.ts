/** From a start to an instance that answers. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Vm } from "../vmm/vmm";
import type { InstanceCore } from "./core";
import { beginRun, nextPhase, type Run, untilAnswers } from "./run";
import { armSleep } from "./sleeping";
import { startFailed } from "./stopReason";
import { noteEnd } from "./stopping";
import { atStart } from "./transitions";

/** Boots the VM, or thaws the one that sleeps. Throws what the VMM throws. */
export async function start(core: InstanceCore, isRestart: boolean): Promise<void> {
  clearTimeout(core.restartTimer);
  if (core.run !== undefined) return await resume(core, core.run);
  core.publish(atStart(core.record.status, isRestart, Date.now()));
  core.rotate();
  const begunAt = performance.now();
  try {
    await core.around.disksFree(core.record);
    if (core.isReleased) return; // the next daemon finds an instance that did not get to start
    attach(core, await core.around.vmm.start(core.around.spec(core.record)), begunAt, false);
  } catch (error) {
    noteEnd(core, startFailed);
    throw error;
  }
}

async function resume(core: InstanceCore, run: Run): Promise<void> {
  await run.vm.resume();
  core.publish({ state: "running", startedAt: Date.now(), startCount: core.record.status.startCount + 1 });
  noteAnswered(core, run);
}

/** Makes a VM that runs the instance's own. */
export function attach(core: InstanceCore, vm: Vm, begunAt: number, adopted: boolean): void {
  const run = beginRun(vm, begunAt, adopted);
  core.run = run;
  void vm.started.then(() => core.inbox.post({ is: "started", run }));
  void vm.exited.then((exit) => core.inbox.post({ is: "exited", run, exit }));
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
  core.rotation?.set(uuid, "ready", run.vm);
  armSleep(core, core.rotation?.connections(uuid) ?? 0);
}

const microsecondsSince = (begunAt: number): number => Math.max(1, Math.round((performance.now() - begunAt) * 1000));
