/** From an instance to a template. */
import type { InstanceCore } from "./machine";
import { shutDown, thaw } from "./stopping";

/** Turns the instance into a template, when its VM has ended. */
export async function freeze(core: InstanceCore, frozenAutokillMs: number): Promise<void> {
  const { definition } = core.record;
  core.redefine(
    { ...definition, frozenAutokillMs, autoscaledBy: undefined },
    { becomesTemplate: true, stopAskedBy: "user", stopForced: false },
  );
  if (core.state !== "stopping") await endForTemplate(core); // else it ends already
}

/** Ends the VM of what is to become a template; the rest follows its exit. */
export async function endForTemplate(core: InstanceCore): Promise<void> {
  const { run, isFrozen } = core;
  if (run === undefined) return becomeTemplate(core);
  if (isFrozen) await thaw(core, run);
  shutDown(core, false);
}

/**
 * Nothing runs any more: what is to be a template is one from here on. It leaves its service, where it would be of no use.
 * What cannot be written is tried again.
 */
export function becomeTemplate(core: InstanceCore): void {
  const { becomesTemplate, deleting } = core.record.status;
  if (becomesTemplate !== true || deleting || core.run !== undefined) return;
  clearTimeout(core.restartTimer);
  core.rotation?.remove(core.record.uuid);
  try {
    core.leaveService({
      state: "template",
      becomesTemplate: undefined,
      restart: undefined,
      lastUsedAt: Date.now(),
    });
  } catch (error) {
    core.log("instance.no-template-yet", { reason: error instanceof Error ? error.message : String(error) });
    return core.again(() => becomeTemplate(core));
  }
  core.log("instance.became-template");
}
