/** Pauses the VM of an instance that has fallen asleep, until that has worked. */
import { errorMessage } from "../../../../base/errors";
import type { InstanceMachine } from "../machine";
import type { VmSession } from "../vmSession";
import { armSave } from "./saving";

/** How the `memory_notice` of an instance begins whose VM could not be paused. */
const NOT_PAUSED = "It runs on while it sleeps, because it could not be paused: ";
/** How the `memory_notice` of an instance begins whose VM ended while it slept; it stays until it sleeps again. */
export const MEMORY_LOST = "Its memory is lost, and it boots anew, because its VM ended while it slept: ";
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Milliseconds until the next attempt to pause a VM, after this many have failed (from 1): 1 s, 2 s, 4 s … 60 s. Pure. */
export const pauseRetryMs = (failures: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));

/**
 * Pauses the VM, which is saved later. If that fails, shows why, tries again later, and throws the error. Does nothing if the instance was
 * woken or has ended meanwhile.
 */
export async function pauseAsleep(machine: InstanceMachine): Promise<void> {
  const { session } = machine;
  if (session === undefined || !machine.isPaused) return;
  try {
    await session.vm.pause();
  } catch (error) {
    session.failedPauses++;
    machine.applyThenPersist({ memoryNotice: NOT_PAUSED + errorMessage(error) });
    armPause(machine, pauseRetryMs(session.failedPauses));
    throw error;
  }
  forgetFailedPauses(machine, session);
  forgetNotice(machine, MEMORY_LOST);
  armSave(machine);
}

/** The VM is paused, or awake again: no attempt to pause it is left, and nothing is wrong with it. */
export function forgetFailedPauses(machine: InstanceMachine, session: VmSession): void {
  session.failedPauses = 0;
  forgetNotice(machine, NOT_PAUSED);
}

function forgetNotice(machine: InstanceMachine, begin: string): void {
  if (machine.record.status.memoryNotice?.startsWith(begin) === true)
    machine.applyThenPersist({ memoryNotice: undefined });
}

/** Requests another attempt. Whatever ends the sleep, or the daemon, clears the timer, which is also that of the save: only a paused VM is saved. */
function armPause(machine: InstanceMachine, afterMs: number): void {
  clearTimeout(machine.saveTimer);
  if (machine.isClosed || machine.record.status.deleting) return;
  const requestPause = (): void => void machine.inbox.request("pause").catch(() => undefined); // the actor has logged the error
  machine.saveTimer = setTimeout(requestPause, afterMs);
}
