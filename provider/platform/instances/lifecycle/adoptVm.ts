/** Handles the exit of a VM, and VMs that an earlier daemon started. */
import { errorMessage } from "../../../base/errors";
import type { Vm, VmExit } from "../../vmm/vmm";
import type { InstanceMachine } from "./machine";
import { applyQueuedDetaches } from "../update/attachments";
import { applyQueuedUpdates } from "../update/queuedUpdates";
import { usedMemory } from "./capturing";
import { finishConversion, stopForTemplate } from "./convertToTemplate";
import { attachVm } from "./starting";
import { pausedForStandby, stopFacts } from "./stopReason";
import { finishStop, applyDeleteOnStop, scheduleRestart, stopVm } from "./stopping";
import { pauseDrained, ensurePaused, onSnapshotLost } from "./sleep/suspending";

/** Adopts a VM that an earlier daemon started, and continues what was in progress. */
export function adoptVm(machine: InstanceMachine, vm: Vm): void {
  const { state, record } = machine;
  const session = attachVm(machine, vm, performance.now(), true);
  if (record.status.deleting) return;
  if (record.status.memoryFrom !== undefined) usedMemory(machine, record.status.memoryFrom);
  // A power cut can undo the last change of the state, but not a save.
  if (vm.isSaved && !machine.isPaused) machine.applyThenPersist({ state: "standby", ...pausedForStandby });
  if (record.status.becomesTemplate === true)
    stopForTemplate(machine).catch((error: unknown) => {
      machine.log("instance.stop-failed", { reason: errorMessage(error) });
    });
  else if (record.status.addressesLost === true) stopVm(machine, machine.isPaused);
  else if (machine.isPaused) void ensurePaused(machine);
  else if (record.status.stopAskedBy === "suspend")
    void pauseDrained(machine, session).catch(() => undefined); // its exit follows, or a retry
  // The daemon may have been killed after it had written who asked for the stop, and before the state.
  else if (record.status.stopAskedBy !== undefined || state === "draining" || state === "stopping")
    stopVm(machine, record.status.stopForced);
  machine.updateRotation();
}

/**
 * Handles the end of a VM: applies the restart policy. One that was paused takes only its memory with it, because its guest had no part
 * in it: an instance in standby stays there, and one that was suspended stays stopped.
 */
export function onVmGone(machine: InstanceMachine, exit: VmExit): void {
  const { state, becomesTemplate } = machine.record.status;
  if (state === "standby" && becomesTemplate !== true) return onStandbyVmLost(machine, exit);
  if (state === "stopped") {
    onSnapshotLost(machine, exit);
    applyDeleteOnStop(machine);
  } else finishStop(machine, stopFacts(exit, machine.stopRequest));
  finishConversion(machine);
}

/**
 * As {@link onVmGone}, for a VM that ended while no daemon ran. An instance that scales to zero and was starting sleeps on: perhaps it
 * never had this VM, and `exit` is that of the one before. The next connection boots it, and shows what is wrong with it.
 */
export function onLostVm(machine: InstanceMachine, exit: VmExit): void {
  const { status, definition } = machine.record;
  const { policy = "off" } = definition.scaleToZero ?? {};
  const { state, stopAskedBy, becomesTemplate } = status;
  const isWaking = state === "starting" && policy !== "off" && stopAskedBy === undefined && becomesTemplate !== true;
  if (!isWaking) return onVmGone(machine, exit);
  machine.applyThenPersist({ state: "standby", stoppedAt: Date.now(), ...pausedForStandby });
  onStandbyVmLost(machine, exit);
}

/**
 * Handles the loss of the paused VM of an instance in standby. It stays in standby; the next connection boots it with the
 * queued changes applied.
 */
function onStandbyVmLost(machine: InstanceMachine, exit: VmExit): void {
  applyQueuedDetaches(machine);
  applyQueuedUpdates(machine);
  onSnapshotLost(machine, exit);
  machine.applyThenPersist({ netTimeUs: undefined });
  machine.updateRotation();
}

/** Continues what an earlier daemon began with a stopped instance: a restart sequence, a conversion or a delete. */
export function resumePendingWork(machine: InstanceMachine): void {
  const { restart } = machine.record.status;
  if (machine.state === "stopped" && restart?.nextAt !== undefined) {
    // The clock may have been set back since.
    const leftMs = Math.min(restart.nextAt - Date.now(), machine.env.timings.restartBackoffMaxMs);
    scheduleRestart(machine, Math.max(0, leftMs));
  }
  finishConversion(machine);
  applyDeleteOnStop(machine);
}
