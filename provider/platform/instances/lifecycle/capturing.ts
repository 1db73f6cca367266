/** Keeps the memory of an instance that becomes a template, and starts others with it. */
import { errorMessage, UnikernelError } from "../../../base/errors";
import { MemoryLostError, type Vm } from "../../vmm/vmm";
import type { InstanceMachine } from "./machine";
import { armSave } from "./sleep/saving";
import type { VmSession } from "./vmSession";

/**
 * Keeps the memory of the guest, which is paused then. Returns false if that cannot be: then the guest runs, and `memoryNotice` says why
 * instances that are made of it boot.
 */
export async function captureMemory(machine: InstanceMachine, { vm }: VmSession): Promise<boolean> {
  const obstacle = findObstacle(machine, vm);
  if (obstacle !== undefined) return noteNotCaptured(machine, obstacle);
  const startedAtMs = performance.now();
  try {
    await vm.pause();
    await vm.capture(machine.env.snapshotFolder(machine.record.uuid));
  } catch (error) {
    await vm.resume().catch(() => undefined); // it has ended, or the stop that follows ends it
    return noteNotCaptured(machine, errorMessage(error));
  }
  machine.applyThenPersist({ capturedAt: Date.now(), memoryNotice: undefined });
  machine.log("instance.captured", { ms: Math.round(performance.now() - startedAtMs) });
  return true;
}

/**
 * Copies the memory of the guest to a folder. It stands still meanwhile; a sleeping one sleeps on. Throws `VMM_FAILED` if the memory cannot
 * be copied, and file system errors.
 */
export async function captureCopy(machine: InstanceMachine, folder: string): Promise<void> {
  const { session, isPaused, record, env } = machine;
  if (session === undefined) throw notCopied("it sleeps without a VM");
  const { vm } = session;
  const startedAtMs = performance.now();
  try {
    if (vm.isSaved) {
      await vm.resume();
      env.network.replug(record.uuid, vm);
    }
    if (vm.uncapturable !== undefined) throw notCopied(vm.uncapturable);
    await vm.pause();
    await vm.capture(folder);
  } finally {
    await continueAsBefore(machine, vm, isPaused);
  }
  machine.log("instance.copied", { ms: Math.round(performance.now() - startedAtMs) });
}

async function continueAsBefore(machine: InstanceMachine, vm: Vm, isPaused: boolean): Promise<void> {
  if (isPaused) {
    await vm.pause();
    armSave(machine);
  } else if ((await vm.resume()) === "behind") machine.log("instance.clock-not-set");
}

const notCopied = (reason: string): UnikernelError => new UnikernelError("VMM_FAILED", reason);

/** Why the memory is not kept, as the end of a sentence; `undefined` if it can be. */
function findObstacle({ state, record, service }: InstanceMachine, vm: Vm): string | undefined {
  if (state === "starting" || state === "draining") return `it was ${state} when it became a template`;
  if (service !== undefined && record.status.netTimeUs === undefined && !vm.controlFiles.template)
    return "it was not ready when it became a template";
  return vm.uncapturable;
}

/** The notice of a template or checkpoint without memory. */
export const keepsNoMemory = (reason: string): string =>
  `It keeps no memory, so that instances made of it boot: ${reason}`;

/** Records why an instance becomes a template without memory. */
export function noteNotCaptured(machine: InstanceMachine, reason: string): false {
  machine.applyThenPersist({ memoryNotice: keepsNoMemory(reason) });
  machine.log("instance.not-captured", { reason });
  return false;
}

/** The memory of the original has been used, or cannot be: later starts boot. A copy that nobody needs any more is removed. */
export function usedMemory(machine: InstanceMachine, from: string, memoryNotice?: string): void {
  machine.applyThenPersist({ memoryFrom: undefined, memoryNotice });
  void machine.env.releaseSnapshot(from).catch(() => undefined); // the delete of the instance removes it
}

/** Starts a VM: with the memory of the template that the instance was made of, at its first start, or else by booting it. */
export async function startVm(machine: InstanceMachine): Promise<Vm> {
  const { record, env } = machine;
  const spec = env.vmSpec(record);
  const { memoryFrom } = record.status;
  if (memoryFrom === undefined) return env.vmm.start(spec);
  const startedAtMs = performance.now();
  try {
    const clone = await env.vmm.clone(spec, env.snapshotFolder(memoryFrom));
    machine.log("instance.cloned", { from: memoryFrom, ms: Math.round(performance.now() - startedAtMs) });
    usedMemory(machine, memoryFrom);
    return clone;
  } catch (error) {
    if (!(error instanceof MemoryLostError)) throw error;
    const memoryNotice = `It booted instead of being cloned: ${error.message}`;
    machine.log("instance.not-cloned", { from: memoryFrom, reason: error.message });
    usedMemory(machine, memoryFrom, memoryNotice);
    return env.vmm.start(spec);
  }
}
