/** What becomes of an instance whose VM ended, or was found by a daemon that did not start it. */
import type { Vm, VmExit } from "../../vmm/vmm";
import type { InstanceCore } from "./machine";
import { detachQueued } from "../update/attachments";
import { applyQueued } from "../update/queuedUpdates";
import { becomeTemplate, endForTemplate } from "./convertToTemplate";
import { standingOf } from "./actorState";
import { attach } from "./starting";
import { stopFacts } from "./stopReason";
import { noteEnd, removeIfDone, scheduleRestart, shutDown } from "./stopping";
import { freezeDrained, keepFrozen, noteSnapshotLost } from "./suspending";

/** Takes over a VM of an earlier daemon, in whatever state that left it. */
export function takeOver(core: InstanceCore, vm: Vm): void {
  const { state, record } = core;
  const run = attach(core, vm, performance.now(), true);
  if (record.status.deleting) return;
  if (record.status.becomesTemplate === true)
    endForTemplate(core).catch((error: unknown) => {
      core.log("instance.stop-failed", { reason: error instanceof Error ? error.message : String(error) });
    });
  else if (core.isFrozen) void keepFrozen(core);
  else if (standingOf(core).suspending === true)
    void freezeDrained(core, run).catch(() => undefined); // its end follows, or it is tried again
  else if (state === "draining" || state === "stopping") shutDown(core, record.status.stopForced);
  core.rotate();
}

/** The VM is gone. */
export function noteExit(core: InstanceCore, exit: VmExit): void {
  noteEnd(core, stopFacts(exit, core.asked));
  becomeTemplate(core);
}

/** The frozen VM of a suspended instance is gone. */
export function noteFrozenLost(core: InstanceCore): void {
  noteSnapshotLost(core);
  becomeTemplate(core);
}

/** The frozen VM of an instance in standby is gone with the machine: the next connection boots it as it is to be by now. */
export function noteStandbyLost(core: InstanceCore): void {
  detachQueued(core);
  applyQueued(core);
  noteSnapshotLost(core);
  core.publish({ netTimeUs: undefined });
  core.rotate();
}

/** Continues what a daemon before this one began with a stopped instance: a restart sequence, or its end. */
export function resumeStopped(core: InstanceCore): void {
  const { restart } = core.record.status;
  if (core.state === "stopped" && restart?.nextAt !== undefined)
    scheduleRestart(core, Math.max(0, restart.nextAt - Date.now()));
  becomeTemplate(core);
  removeIfDone(core);
}
