/** Suspend: the VM is frozen in memory, and the next start lets it go on where it was. */
import * as crypto from "node:crypto";
import type { InstanceCore } from "./machine";
import { nextPhase, type Run } from "./vmSession";
import { stoppedWithoutGuest } from "./stopReason";
import { beginDrain } from "./stopping";

/** Drains for up to `drainTimeoutMs`, then freezes. */
export async function suspend(core: InstanceCore, drainTimeoutMs: number): Promise<void> {
  if (core.state !== "running" || core.run === undefined) return; // it ended meanwhile
  core.intend({ stopAskedBy: "suspend", stopForced: false });
  if (drainTimeoutMs === 0 || core.service === undefined) return await freezeVm(core);
  beginDrain(core, core.run, core.service, drainTimeoutMs);
}

/**
 * Freezes the VM: an instance that scales to zero is then in standby and wakes for a connection, any other is stopped.
 * Connections that are still open are cut, since nobody would answer them.
 */
export async function freezeVm(core: InstanceCore): Promise<void> {
  const { run, rotation } = core;
  const { uuid, definition } = core.record;
  if (run === undefined) return;
  nextPhase(run);
  clearTimeout(core.idleTimer);
  const { policy = "off" } = definition.scaleToZero ?? {};
  core.intend({
    state: policy === "off" || rotation === undefined ? "stopped" : "standby",
    snapshotUuid: crypto.randomUUID(),
    uptimeMs: core.uptimeMs,
    stoppedAt: Date.now(),
    ...stoppedWithoutGuest,
  });
  core.rotate();
  rotation?.cut(uuid);
  core.log("instance.suspended");
  await run.vm.pause();
}

/** Freezes what has drained. What cannot be written is tried again, else the instance would drain for ever. Throws as {@link freezeVm}. */
export async function freezeDrained(core: InstanceCore, run: Run): Promise<void> {
  try {
    await freezeVm(core);
  } catch (error) {
    if (core.state === "draining") core.again(() => core.inbox.post({ is: "drained", run }));
    throw error;
  }
}

/** The daemon before this one froze the VM, or was about to. */
export async function keepFrozen(core: InstanceCore): Promise<void> {
  try {
    await core.run?.vm.pause();
  } catch (error) {
    core.log("instance.not-frozen", { reason: error instanceof Error ? error.message : String(error) });
  }
}

/** The VM of a suspended instance is gone, with the machine or by itself: its memory is lost and the next start boots. */
export function noteSnapshotLost(core: InstanceCore): void {
  core.publish({ snapshotUuid: undefined, stopAskedBy: undefined });
  core.log("instance.snapshot-lost");
}
