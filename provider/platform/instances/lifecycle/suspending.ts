/** Suspend: the VM is frozen in memory, and the next start lets it go on where it was. */
import { errorMessage } from "../../../base/errors";
import * as crypto from "node:crypto";
import type { InstanceMachine } from "./machine";
import { nextPhase, type VmSession } from "./vmSession";
import { stoppedWithoutGuest } from "./stopReason";
import { beginDrain } from "./stopping";

/** Drains for up to `drainTimeoutMs`, then freezes. */
export async function suspend(machine: InstanceMachine, drainTimeoutMs: number): Promise<void> {
  if (machine.state !== "running" || machine.session === undefined) return; // it ended meanwhile
  machine.persistThenApply({ stopAskedBy: "suspend", stopForced: false });
  if (drainTimeoutMs === 0 || machine.service === undefined) return await pauseVm(machine);
  beginDrain(machine, machine.session, machine.service, drainTimeoutMs);
}

/**
 * Freezes the VM: an instance that scales to zero is then in standby and wakes for a connection, any other is stopped.
 * Connections that are still open are cut, since nobody would answer them.
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
  rotation?.closeConnections(uuid);
  machine.log("instance.suspended");
  await session.vm.pause();
}

/** Freezes what has drained. What cannot be written is tried again, else the instance would drain for ever. Throws as {@link pauseVm}. */
export async function pauseDrained(machine: InstanceMachine, session: VmSession): Promise<void> {
  try {
    await pauseVm(machine);
  } catch (error) {
    if (machine.state === "draining") machine.retryLater(() => machine.inbox.post({ is: "drained", run: session }));
    throw error;
  }
}

/** The daemon before this one froze the VM, or was about to. */
export async function ensurePaused(machine: InstanceMachine): Promise<void> {
  try {
    await machine.session?.vm.pause();
  } catch (error) {
    machine.log("instance.not-frozen", { reason: errorMessage(error) });
  }
}

/** The VM of a suspended instance is gone, with the machine or by itself: its memory is lost and the next start boots. */
export function onSnapshotLost(machine: InstanceMachine): void {
  machine.applyThenPersist({ snapshotUuid: undefined, stopAskedBy: undefined });
  machine.log("instance.snapshot-lost");
}
