/** From an instance to a template. */
import { errorMessage } from "../../../base/errors";
import type { InstanceMachine } from "./machine";
import { stopVm, resumeToStop } from "./stopping";

/** Turns the instance into a template, when its VM has ended. */
export async function convertToTemplate(machine: InstanceMachine, templateAutokillMs: number): Promise<void> {
  const { definition } = machine.record;
  machine.replaceDefinition(
    { ...definition, templateAutokillMs, autoscaledBy: undefined },
    { becomesTemplate: true, stopAskedBy: "user", stopForced: false },
  );
  if (machine.state !== "stopping") await stopForTemplate(machine); // else it ends already
}

/** Ends the VM of what is to become a template; the rest follows its exit. */
export async function stopForTemplate(machine: InstanceMachine): Promise<void> {
  const { session, isPaused } = machine;
  if (session === undefined) return finishConversion(machine);
  if (isPaused) await resumeToStop(machine, session);
  stopVm(machine, false);
}

/**
 * Nothing runs any more: what is to be a template is one from here on. It leaves its service, where it would be of no use.
 * What cannot be written is tried again.
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
    machine.log("instance.no-template-yet", { reason: errorMessage(error) });
    return machine.retryLater(() => finishConversion(machine));
  }
  machine.log("instance.became-template");
}
