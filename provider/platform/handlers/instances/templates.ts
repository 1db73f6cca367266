/** Instance templates: instances that never run again, and that others are made from. */
import type { BodyOf } from "../../../contract/routes";
import { refuseManaged } from "../../autoscale/managedInstances";
import type { InstanceActor } from "../../instances/actor";
import type { Platform } from "../../registry";
import { frozenHandlers, frozenItem } from "./templateKinds";
import { namedInstance } from "./visible";
import { goneItem, timedOutItem, waitForState, withMessage } from "./wait";
import type { Handlers } from "../request";
import { eachItem } from "../items";

type TemplateRoutes = "createTemplates" | "getTemplates" | "patchTemplates" | "deleteTemplates";

/** Handlers of `/v1/instances/templates`. */
export function templateHandlers(platform: Platform): Pick<Handlers, TemplateRoutes> {
  const { log } = platform.parts;
  const { get, patch, remove } = frozenHandlers(platform, "template");
  const isTemplate = ({ state }: InstanceActor): boolean => state === "template";

  /** Converts the instance itself: one that runs is stopped first, and is a template when its VM has ended. */
  async function convert(entry: BodyOf<"createTemplates">[number], signal: AbortSignal) {
    const actor = namedInstance(platform, entry);
    refuseManaged(platform, actor.record);
    const { timeout_s: timeoutS = 0, autokill } = entry;
    await actor.request("freeze", { frozenAutokillMs: autokill?.time_ms ?? 0 });
    const end = timeoutS === 0 ? "met" : await waitForState(platform, actor, isTemplate, timeoutS, signal);
    if (end === "gone") return goneItem(actor);
    return end === "timed-out" ? timedOutItem(actor) : frozenItem(actor);
  }

  return {
    createTemplates: async ({ body, signal }) =>
      withMessage(await eachItem(body, log, (entry) => convert(entry, signal))),
    getTemplates: get,
    patchTemplates: patch,
    deleteTemplates: remove,
  };
}
