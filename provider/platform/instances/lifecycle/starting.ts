/** Starts an instance and follows it until it is ready. */
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "../../../base/errors";
import { ApiItemError } from "../../errors";
import { notProbed, type ProbeProgress } from "../../../contract/readiness/progress";
import { MemoryLostError, type Vm } from "../../vmm/vmm";
import { networkInterfacesOf } from "../networkInterface";
import { memberInterfacesOf } from "../networkMember";
import type { InstanceMachine } from "./machine";
import { probeUntilPassed } from "./probe/readinessProbe";
import { newSession, nextPhase, type VmSession, waitUntilReady } from "./vmSession";
import { forgetFailedPauses } from "./sleep/pausing";
import { armCooldown } from "./sleep/scaleToZero";
import { onMemoryLost } from "./sleep/saving";
import { startFailed, stoppedWithoutGuest } from "./stopReason";
import { finishStop } from "./stopping";
import { startTransition } from "./transitions";
import { startVm } from "./capturing";
import { followControlFiles } from "./sleep/controlFiles";
import { applyQueuedDetaches } from "../update/attachments";
import { applyPendingUpdates } from "../update/queuedUpdates";

/**
 * Boots the VM, or resumes the paused one.
 *
 * Throws `Quota` (and changes nothing); `FailedOperation` when a dependency cannot run, or when the instance was
 * stopped before it could start; whatever the VMM throws.
 */
export async function start(machine: InstanceMachine, isRestart: boolean): Promise<void> {
  if (machine.state === "standby") machine.wakeups.begin();
  if (machine.session === undefined) applyPendingUpdates(machine);
  try {
    machine.env.assertLiveQuota(machine.record);
  } catch (error) {
    if (isRestart) finishStop(machine, startFailed); // otherwise the restart sequence would hang
    throw error;
  }
  if (machine.session !== undefined && (await resumePaused(machine, machine.session))) return;
  machine.persistThenApply(startTransition(machine.record.status, isRestart, Date.now()));
  clearTimeout(machine.restartTimer); // not before: without the start, the restart must follow
  machine.updateRotation();
  try {
    const ready = await waitForPrerequisites(machine);
    if (machine.isClosed) return; // the daemon is shutting down; the next one finds an instance without a VM
    const startedAtMs = performance.now();
    if (ready) {
      attachVm(machine, await startVm(machine), startedAtMs, false);
      return;
    }
  } catch (error) {
    finishStop(machine, startFailed);
    throw error;
  }
  finishStop(machine, stoppedWithoutGuest);
  throw new ApiItemError("FailedOperation", `Instance '${machine.record.name}' was stopped before it could start`);
}

/** Waits until the dependencies run and the disks are free. False when a stop or delete aborted the wait. */
async function waitForPrerequisites(machine: InstanceMachine): Promise<boolean> {
  const startAbort = new AbortController();
  const { signal } = startAbort;
  machine.startAbort = startAbort;
  if (machine.inbox.hasPendingEnd()) startAbort.abort();
  try {
    await machine.env.startDependencies(machine.record, signal);
    await machine.env.waitUntilDisksFree(machine.record);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    machine.startAbort = undefined;
  }
  return !signal.aborted;
}

/** Resumes the paused VM, or restores the saved one. False if its memory is lost: then there is no VM any more. */
async function resumePaused(machine: InstanceMachine, session: VmSession): Promise<boolean> {
  clearTimeout(machine.saveTimer);
  const { isSaved } = session.vm;
  try {
    // No client has reached the guest yet.
    if ((await session.vm.resume()) === "behind") machine.log("instance.clock-not-set");
  } catch (error) {
    if (!(error instanceof MemoryLostError)) throw error;
    onMemoryLost(machine, error.message);
    applyQueuedDetaches(machine);
    applyPendingUpdates(machine);
    return false;
  }
  if (isSaved) {
    machine.env.network.replug(machine.record.uuid, session.vm);
    parkWithoutAddresses(machine, session.vm);
  }
  const { startCount, netTimeUs } = machine.record.status;
  machine.applyThenPersist({
    state: "running",
    startedAt: Date.now(),
    startCount: startCount + 1,
    snapshotUuid: undefined,
    stopAskedBy: undefined,
    stopReason: undefined,
    stopCode: undefined,
    stopNotice: undefined,
  });
  forgetFailedPauses(machine, session);
  session.wokenAtMs = performance.now();
  awaitTakeOver(machine, session);
  if (netTimeUs === undefined || machine.record.definition.readinessProbe !== undefined)
    probeReadiness(machine, session);
  else onReady(machine, session, session.phase.signal);
  return true;
}

/** Begins a session with a running VM and subscribes to its events. */
export function attachVm(machine: InstanceMachine, vm: Vm, startedAtMs: number, adopted: boolean): VmSession {
  const session = newSession(vm, startedAtMs, adopted);
  machine.session = session;
  machine.env.network.plug(machine.record.uuid, vm);
  parkWithoutAddresses(machine, vm);
  void vm.started.then(() => machine.inbox.post({ is: "started", session }));
  followControlFiles(machine, session);
  void vm.exited.then((exit) => machine.inbox.post({ is: "exited", session, exit }));
  return session;
}

/** An instance that waits for its addresses is in no network, but its readiness probe must reach it. */
function parkWithoutAddresses({ record, env }: InstanceMachine, vm: Vm): void {
  if (record.status.takeOverAfterMs !== undefined)
    env.network.park(memberInterfacesOf(networkInterfacesOf(record)), vm);
}

/** The guest has started its program: the instance is running and readiness probes begin. */
export function onStarted(machine: InstanceMachine, session: VmSession): void {
  if (machine.state === "starting") {
    machine.applyThenPersist({ state: "running", ...(session.adopted ? {} : bootTimes(session)) });
  }
  if (machine.state !== "running") return;
  probeReadiness(machine, session);
  awaitTakeOver(machine, session);
  if (machine.record.status.restart !== undefined)
    postAfter(machine, session, "healthy", machine.env.timings.healthyAfterMs);
}

/** An instance without its addresses gets them once its program has run for long enough, and its readiness probe has passed. */
function awaitTakeOver(machine: InstanceMachine, session: VmSession): void {
  const { takeOverAfterMs } = machine.record.status;
  if (takeOverAfterMs !== undefined) postAfter(machine, session, "proven", takeOverAfterMs);
}

/** Posts an event unless the VM exits first. */
function postAfter(machine: InstanceMachine, session: VmSession, is: "healthy" | "proven", ms: number): void {
  sleep(ms, undefined, { signal: session.ended.signal, ref: false }).then(
    () => machine.inbox.post({ is, session }),
    () => undefined,
  );
}

/** Its program has run for long enough. */
export function onProven(machine: InstanceMachine, session: VmSession): void {
  if (machine.state !== "running") return;
  session.isProven = true;
  takeOverIfReady(machine, session);
}

/** Takes the addresses that another instance has, and connects the VM, once nothing is left to wait for. */
function takeOverIfReady(machine: InstanceMachine, session: VmSession): void {
  const { definition, status } = machine.record;
  const hasPassed = definition.readinessProbe === undefined || session.progress.state === "passed";
  if (status.takeOverAfterMs === undefined || !session.isProven || !hasPassed) return;
  try {
    machine.takeAddresses();
  } catch (error) {
    machine.logFailure("instance.no-take-over", errorMessage(error));
    machine.retryLater(() => machine.inbox.post({ is: "proven", session }));
    return;
  }
  machine.env.network.plug(machine.record.uuid, session.vm);
  machine.log("instance.took-over");
}

/** Probes the service's destination ports, if it has one, and then what the readiness probe asks. Posts an event after each. */
export function probeReadiness(machine: InstanceMachine, session: VmSession): void {
  const { service, record } = machine;
  if (service === undefined && record.definition.readinessProbe === undefined) return;
  const { rotation, destinationPorts = [] } = service ?? {};
  rotation?.setState(record.uuid, "starting");
  const phase = nextPhase(session);
  session.progress = notProbed("its ports do not accept connections yet");
  void waitUntilReady(session.vm, destinationPorts, machine.env.timings, phase).then((allReady) => {
    if (allReady) machine.inbox.post({ is: "listening", session, phase });
  });
}

/** Every port is ready: asks the readiness probe, if there is one. */
export function onListening(machine: InstanceMachine, session: VmSession, phase: AbortSignal): void {
  if (machine.state !== "running" || phase.aborted) return;
  const { status, definition } = machine.record;
  if (status.netTimeUs === undefined) machine.applyThenPersist({ netTimeUs: microsecondsSince(session.startedAtMs) });
  const probe = definition.readinessProbe;
  const ports = machine.service?.destinationPorts ?? [];
  if (probe === undefined) return onReady(machine, session, phase);
  session.progress = notProbed();
  const onProgress = (progress: ProbeProgress): void => {
    const { state } = session.progress;
    session.progress = progress.state === "passed" ? { ...progress, passedAt: Date.now() } : progress;
    if (progress.state === "failed" && state !== "failed")
      machine.log("instance.not-ready", { attempts: progress.attempts, reason: progress.reason });
    machine.env.notifyChange();
  };
  void probeUntilPassed(session, { probe, ports }, phase, onProgress).then((passed) => {
    if (passed) machine.inbox.post({ is: "ready", session, phase });
  });
}

/** It is ready: adds the instance to the rotation and arms the cooldown. */
export function onReady(machine: InstanceMachine, session: VmSession, phase: AbortSignal): void {
  if (machine.state !== "running" || phase.aborted) return;
  const { uuid } = machine.record;
  session.progress = { ...session.progress, state: "passed", reason: undefined };
  if (machine.wakeups.ready()) machine.env.notifyChange();
  machine.env.network.ready(machine.record.uuid);
  machine.rotation?.setState(uuid, "ready", session.vm);
  armCooldown(machine, machine.rotation?.connectionCount(uuid) ?? 0);
  takeOverIfReady(machine, session);
}

/** The readiness probe has changed: an instance that is waiting for its probe gets the new one; one that is ready stays so. */
export function readinessProbeChanged(machine: InstanceMachine): void {
  const { session } = machine;
  if (session === undefined || machine.state !== "running" || session.progress.state === "passed") return;
  probeReadiness(machine, session);
  takeOverIfReady(machine, session); // it may have lost the probe that it waited for
}

const microsecondsSince = (startedAtMs: number): number =>
  Math.max(1, Math.round((performance.now() - startedAtMs) * 1000));

/** How long the boot took, and when it began: waiting for dependencies and disks is no part of it. */
function bootTimes({ startedAtMs }: VmSession): { readonly bootTimeUs: number; readonly startedAt: number } {
  const bootTimeUs = microsecondsSince(startedAtMs);
  return { bootTimeUs, startedAt: Date.now() - Math.round(bootTimeUs / 1000) };
}
