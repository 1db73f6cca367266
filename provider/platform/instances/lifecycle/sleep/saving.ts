/** Saves the memory of a sleeping instance to the disk, and what happens when that, or the way back, fails. */
import { errorMessage } from "../../../../base/errors";
import { truncateLogs } from "../../consoleLog";
import type { InstanceMachine } from "../machine";

/**
 * Requests that the paused VM is saved, once it has slept for `saveAfterMs`. Until then it wakes in milliseconds: whoever put it to sleep,
 * such as a rollout that looks at it once more, may still need it.
 */
export function armSave(machine: InstanceMachine): void {
  clearTimeout(machine.saveTimer);
  const { session, record, env } = machine;
  if (machine.isClosed || record.status.deleting || session?.vm.isSaved !== false || !machine.isPaused) return;
  if (!env.vmSpec(record).isSavable) return;
  const requestSave = (): void => void machine.inbox.request("save").catch(() => undefined); // the actor has logged the error
  machine.saveTimer = setTimeout(requestSave, env.timings.saveAfterMs);
}

/**
 * Saves the paused VM, unless somebody waits for it; a request that arrives meanwhile cancels it. If it fails, the VM stays paused in
 * memory until it sleeps again.
 */
export async function saveMemory(machine: InstanceMachine): Promise<void> {
  const { session } = machine;
  if (!machine.isPaused || session === undefined || session.vm.isSaved || machine.inbox.isAwaited()) return;
  const { unsavable } = session.vm;
  if (unsavable !== undefined) return noteKeptInMemory(machine, unsavable);
  const abort = new AbortController();
  machine.saveAbort = abort;
  const startedAtMs = performance.now();
  try {
    if (!(await session.vm.save(abort.signal))) return;
    machine.applyThenPersist({ memoryNotice: undefined });
    machine.log("instance.saved", { ms: Math.round(performance.now() - startedAtMs) });
    await truncateLogs(machine.env.vmm, machine.record.uuid).catch(() => undefined); // once it runs again, they are checked regularly
  } catch (error) {
    noteKeptInMemory(machine, errorMessage(error));
  } finally {
    machine.saveAbort = undefined;
  }
}

/** Reports once why a sleeping instance takes memory. */
function noteKeptInMemory(machine: InstanceMachine, reason: string): void {
  const memoryNotice = `It sleeps in memory, because ${reason}`;
  if (machine.isClosed || machine.record.status.memoryNotice === memoryNotice) return;
  machine.applyThenPersist({ memoryNotice });
  machine.log("instance.not-saved", { reason });
}

/** What was in the memory of a sleeping instance is lost, and its VM is gone: the next start boots a new one. */
export function onMemoryLost(machine: InstanceMachine, reason: string): void {
  machine.session?.ended.abort();
  machine.session?.phase.abort();
  machine.session = undefined;
  machine.applyThenPersist({
    snapshotUuid: undefined,
    stopAskedBy: undefined,
    netTimeUs: undefined,
    memoryNotice: `It booted anew, because its memory could not be restored: ${reason}`,
  });
  machine.log("instance.memory-lost", { reason });
}
