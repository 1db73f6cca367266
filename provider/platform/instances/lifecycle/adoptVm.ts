/** Handles the exit of a VM, and VMs that an earlier daemon started. */
import { errorMessage } from "../../../base/errors";
import type { Vm, VmExit } from "../../vmm/vmm";
import type { InstanceMachine } from "./machine";
import { applyQueuedDetaches } from "../update/attachments";
import { applyQueuedUpdates } from "../update/queuedUpdates";
import { finishConversion, stopForTemplate } from "./convertToTemplate";
import { actorStateOf } from "./actorState";
import { attachVm } from "./starting";
import { pausedForStandby, stopFacts } from "./stopReason";
import { finishStop, applyDeleteOnStop, scheduleRestart, stopVm } from "./stopping";
import { pauseDrained, ensurePaused, onSnapshotLost } from "./suspending";

/** Adopts a VM that an earlier daemon started, and continues what was in progress. */
export function adoptVm(machine: InstanceMachine, vm: Vm): void {
  const { state, record } = machine;
  const session = attachVm(machine, vm, performance.now(), true);
  if (record.status.deleting) return;
  // A power cut can undo the last change of the state, but not a save.
  if (vm.isSaved && !machine.isPaused) machine.applyThenPersist({ state: "standby", ...pausedForStandby });
  if (record.status.becomesTemplate === true)
    stopForTemplate(machine).catch((error: unknown) => {
      machine.log("instance.stop-failed", { reason: errorMessage(error) });
    });
  else if (machine.isPaused) void ensurePaused(machine);
  else if (actorStateOf(machine).suspending === true)
    void pauseDrained(machine, session).catch(() => undefined); // its exit follows, or a retry
  else if (state === "draining" || state === "stopping") stopVm(machine, record.status.stopForced);
  machine.updateRotation();
}

/** Handles the exit of the VM: stop, restart policy, pending conversion to a template. */
export function onVmExited(machine: InstanceMachine, exit: VmExit): void {
  finishStop(machine, stopFacts(exit, machine.stopRequest));
  finishConversion(machine);
}

/** Handles the loss of a suspended instance's paused VM. */
export function onSuspendedVmLost(machine: InstanceMachine): void {
  onSnapshotLost(machine);
  finishConversion(machine);
}

/**
 * Handles the loss of the paused VM of an instance in standby. It stays in standby; the next connection boots it with the
 * queued changes applied.
 */
export function onStandbyVmLost(machine: InstanceMachine): void {
  applyQueuedDetaches(machine);
  applyQueuedUpdates(machine);
  onSnapshotLost(machine);
  machine.applyThenPersist({ netTimeUs: undefined });
  machine.updateRotation();
}

/** Continues what an earlier daemon began with a stopped instance: a restart sequence, a conversion or a delete. */
export function resumePendingWork(machine: InstanceMachine): void {
  const { restart } = machine.record.status;
  if (machine.state === "stopped" && restart?.nextAt !== undefined)
    scheduleRestart(machine, Math.max(0, restart.nextAt - Date.now()));
  finishConversion(machine);
  applyDeleteOnStop(machine);
}
