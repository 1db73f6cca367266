/** Suspend: pauses the VM and keeps its memory; the next start resumes it. */
import { errorMessage } from "../../../../base/errors";
import { DEFAULT_HALF_CLOSED_TIMEOUT_MS } from "../../../../contract/models";
import * as crypto from "node:crypto";
import type { VmExit } from "../../../vmm/vmm";
import type { InstanceMachine } from "../machine";
import { nextPhase, type VmSession } from "../vmSession";
import { MEMORY_LOST, pauseAsleep } from "./pausing";
import { stoppedWithoutGuest } from "../stopReason";
import { beginDrain } from "../stopping";

/** Drains for up to `drainTimeoutMs` milliseconds, then pauses the VM. */
export async function suspend(machine: InstanceMachine, drainTimeoutMs: number): Promise<void> {
  if (machine.state !== "running" || machine.session === undefined) return; // it stopped in the meantime
  machine.persistThenApply({ stopAskedBy: "suspend", stopForced: false });
  if (drainTimeoutMs === 0 || machine.service === undefined) return await pauseDrained(machine, machine.session);
  beginDrain(machine, machine.session, machine.service, {
    drainTimeoutMs,
    halfClosedTimeoutMs: DEFAULT_HALF_CLOSED_TIMEOUT_MS,
  });
}

/**
 * Pauses the VM. An instance that scales to zero is then in standby and wakes for a connection; any other is stopped.
 * Cuts open connections, because a paused guest cannot serve them.
 */
export async function pauseVm(machine: InstanceMachine): Promise<void> {
  const { session, rotation } = machine;
  const { uuid, definition } = machine.record;
  if (session === undefined) return;
  nextPhase(session);
  clearTimeout(machine.cooldownTimer);
  const { policy = "off" } = definition.scaleToZero ?? {};
  machine.persistThenApply({
    state: policy === "off" || rotation === undefined ? "stopped" : "standby",
    snapshotUuid: crypto.randomUUID(),
    uptimeMs: machine.uptimeMs,
    stoppedAt: Date.now(),
    ...stoppedWithoutGuest,
  });
  machine.updateRotation();
  rotation?.cutConnections(uuid);
  machine.log("instance.suspended");
  await pauseAsleep(machine);
}

/**
 * Pauses the VM, after the drain if there is one. Retries a failed write, because the instance would otherwise drain forever. Throws
 * like {@link pauseVm}.
 */
export async function pauseDrained(machine: InstanceMachine, session: VmSession): Promise<void> {
  try {
    await pauseVm(machine);
  } catch (error) {
    if (machine.state === "draining") machine.retryLater(() => machine.inbox.post({ is: "drained", session }));
    else if (machine.state === "running") machine.applyThenPersist({ stopAskedBy: undefined }); // a later exit is the guest's own
    throw error;
  }
}

/** Pauses the VM of an instance that an earlier daemon paused or was about to pause. */
export async function ensurePaused(machine: InstanceMachine): Promise<void> {
  try {
    await pauseAsleep(machine);
  } catch (error) {
    machine.log("instance.not-paused", { reason: errorMessage(error) });
  }
}

/**
 * The VM of a sleeping instance is gone and its memory with it: the next start boots a new VM, and `memoryNotice` says why, unless there was
 * no memory to lose.
 */
export function onSnapshotLost(machine: InstanceMachine, exit: VmExit): void {
  const { snapshotUuid, netTimeUs } = machine.record.status;
  const hadMemory = snapshotUuid !== undefined || netTimeUs !== undefined;
  const reason = exit.kind === "killed" ? exit.detail : "its guest ended"; // other details may quote the console
  machine.applyThenPersist({
    snapshotUuid: undefined,
    stopAskedBy: undefined,
    ...(hadMemory ? { memoryNotice: MEMORY_LOST + reason } : {}),
  });
  machine.log("instance.snapshot-lost", { reason });
}
