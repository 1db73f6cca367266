/** Converts an instance to a template. */
import { errorMessage } from "../../../base/errors";
import { captureMemory, noteNotCaptured } from "./capturing";
import type { InstanceMachine } from "./machine";
import { stopVm, resumeToStop } from "./stopping";

/**
 * Converts the instance to a template as soon as its VM has stopped. The template is deleted after `templateAutokillMs`
 * milliseconds without use; 0 keeps it.
 */
export async function convertToTemplate(machine: InstanceMachine, templateAutokillMs: number): Promise<void> {
  const { definition } = machine.record;
  machine.replaceDefinition(
    { ...definition, templateAutokillMs, autoscaledBy: undefined },
    { becomesTemplate: true, stopAskedBy: "user", stopForced: false },
  );
  if (machine.state !== "stopping") await stopForTemplate(machine); // otherwise its VM is stopping already
}

/** Stops the VM of an instance that becomes a template, and keeps its memory; {@link finishConversion} runs when the VM has exited. */
export async function stopForTemplate(machine: InstanceMachine): Promise<void> {
  const { session, isPaused } = machine;
  if (session === undefined) {
    if (machine.record.status.startCount > 0) noteNotCaptured(machine, "it did not run when it became a template");
    return finishConversion(machine);
  }
  if (isPaused) await resumeToStop(machine, session);
  // A guest whose memory is kept must not shut down.
  stopVm(machine, await captureMemory(machine, session));
}

/**
 * Completes a pending conversion once no VM runs. The template leaves its service, because it never serves connections.
 * Retries if the database write fails.
 */
export function finishConversion(machine: InstanceMachine): void {
  const { becomesTemplate, deleting } = machine.record.status;
  if (becomesTemplate !== true || deleting || machine.session !== undefined) return;
  clearTimeout(machine.restartTimer);
  machine.rotation?.remove(machine.record.uuid);
  try {
    machine.leaveService({
      state: "template",
      becomesTemplate: undefined,
      restart: undefined,
      lastUsedAt: Date.now(),
    });
  } catch (error) {
    machine.logFailure("instance.not-converted", errorMessage(error));
    return machine.retryLater(() => finishConversion(machine));
  }
  machine.log("instance.converted");
}
