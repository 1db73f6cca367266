/** What becomes of an instance whose VM ended, or was found by a daemon that did not start it. */
import { errorMessage } from "../../../base/errors";
import type { Vm, VmExit } from "../../vmm/vmm";
import type { InstanceMachine } from "./machine";
import { applyQueuedDetaches } from "../update/attachments";
import { applyQueuedUpdates } from "../update/queuedUpdates";
import { finishConversion, stopForTemplate } from "./convertToTemplate";
import { actorStateOf } from "./actorState";
import { attachVm } from "./starting";
import { stopFacts } from "./stopReason";
import { finishStop, applyDeleteOnStop, scheduleRestart, stopVm } from "./stopping";
import { pauseDrained, ensurePaused, onSnapshotLost } from "./suspending";

/** Takes over a VM of an earlier daemon, in whatever state that left it. */
export function adoptVm(machine: InstanceMachine, vm: Vm): void {
  const { state, record } = machine;
  const session = attachVm(machine, vm, performance.now(), true);
  if (record.status.deleting) return;
  if (record.status.becomesTemplate === true)
    stopForTemplate(machine).catch((error: unknown) => {
      machine.log("instance.stop-failed", { reason: errorMessage(error) });
    });
  else if (machine.isPaused) void ensurePaused(machine);
  else if (actorStateOf(machine).suspending === true)
    void pauseDrained(machine, session).catch(() => undefined); // its end follows, or it is tried again
  else if (state === "draining" || state === "stopping") stopVm(machine, record.status.stopForced);
  machine.updateRotation();
}

/** The VM is gone. */
export function onVmExited(machine: InstanceMachine, exit: VmExit): void {
  finishStop(machine, stopFacts(exit, machine.stopRequest));
  finishConversion(machine);
}

/** The frozen VM of a suspended instance is gone. */
export function onSuspendedVmLost(machine: InstanceMachine): void {
  onSnapshotLost(machine);
  finishConversion(machine);
}

/** The frozen VM of an instance in standby is gone with the machine: the next connection boots it as it is to be by now. */
export function onStandbyVmLost(machine: InstanceMachine): void {
  applyQueuedDetaches(machine);
  applyQueuedUpdates(machine);
  onSnapshotLost(machine);
  machine.applyThenPersist({ netTimeUs: undefined });
  machine.updateRotation();
}

/** Continues what a daemon before this one began with a stopped instance: a restart sequence, or its end. */
export function resumePendingWork(machine: InstanceMachine): void {
  const { restart } = machine.record.status;
  if (machine.state === "stopped" && restart?.nextAt !== undefined)
    scheduleRestart(machine, Math.max(0, restart.nextAt - Date.now()));
  finishConversion(machine);
  applyDeleteOnStop(machine);
}
