/** What the guest's program asks of the platform, as in the cloud: to stay awake, and to become a template. */
import { errorMessage } from "../../../../base/errors";
import type { InstanceMachine } from "../machine";
import { rearmCooldown } from "./scaleToZero";
import type { VmSession } from "../vmSession";

/** Posts an event when the control files of the guest change, and one for what was written to them before. */
export function followControlFiles({ inbox }: InstanceMachine, session: VmSession): void {
  const post = (): void => inbox.post({ is: "control-files", session });
  session.vm.onControlFilesChanged(post);
  void session.vm.started.then(post);
}

/**
 * Begins the cooldown anew, or ends it. Converts the instance to a template if that is asked for.
 *
 * The program that asks stands still: it goes on in the instances that are made of the template. One of those that was booted, because it
 * could not be cloned, has run to the same point, and goes on as they do.
 */
export function onControlFiles(machine: InstanceMachine, session: VmSession): void {
  if (machine.state !== "running") return; // an event follows once it has started
  rearmCooldown(machine);
  const { vm } = session;
  const { definition, status } = machine.record;
  if (!vm.controlFiles.template || session.isBecomingTemplate || status.becomesTemplate === true) return;
  if (definition.fromTemplate === true) return vm.declineTemplate();
  session.isBecomingTemplate = true;
  machine.log("instance.template-asked");
  machine.inbox.request("convert-to-template").catch((error: unknown) => {
    session.isBecomingTemplate = false;
    machine.log("instance.not-converted", { reason: errorMessage(error) });
    vm.declineTemplate();
  });
}
