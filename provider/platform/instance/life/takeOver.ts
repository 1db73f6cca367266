/** What becomes of an instance whose VM ended, or was found by a daemon that did not start it. */
import type { Vm, VmExit } from "../../vmm/vmm";
import type { InstanceCore } from "../actor/core";
import { becomeTemplate, endForTemplate } from "./freeze";
import { standingOf } from "../actor/standing";
import { attach } from "./starting";
import { stopFacts } from "./stopReason";
import { noteEnd, removeIfDone, scheduleRestart, shutDown } from "./stopping";
import { freezeVm, keepFrozen, noteSnapshotLost } from "./suspending";

/** Takes over a VM of an earlier daemon, in whatever state that left it. */
export function takeOver(core: InstanceCore, vm: Vm): void {
  const { state, record } = core;
  attach(core, vm, performance.now(), true);
  if (record.status.deleting) return;
  if (record.status.becomesTemplate === true)
    endForTemplate(core).catch((error: unknown) => {
      core.log("instance.stop-failed", { reason: error instanceof Error ? error.message : String(error) });
    });
  else if (core.isFrozen) void keepFrozen(core);
  else if (standingOf(core).suspending === true)
    void freezeVm(core).catch(() => undefined); // its end follows
  else if (state === "draining" || state === "stopping") shutDown(core, record.status.stopForced);
  core.rotate();
}

/** The VM is gone. */
export function noteExit(core: InstanceCore, exit: VmExit): void {
  noteEnd(core, stopFacts(exit, core.asked));
  if (core.record.status.becomesTemplate === true) becomeTemplate(core);
}

/** The frozen VM of a suspended instance is gone. */
export function noteFrozenLost(core: InstanceCore): void {
  noteSnapshotLost(core);
  if (core.record.status.becomesTemplate === true) becomeTemplate(core);
}

/** Continues what a daemon before this one began with a stopped instance: a restart sequence, or its end. */
export function resumeStopped(core: InstanceCore): void {
  const { restart, becomesTemplate } = core.record.status;
  if (core.state === "stopped" && restart?.nextAt !== undefined)
    scheduleRestart(core, Math.max(0, restart.nextAt - Date.now()));
  if (becomesTemplate === true) becomeTemplate(core);
  removeIfDone(core);
}
