/** Instance templates: instances that never run and that others are created from. */
import { findInstance } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged } from "../../autoscale/managedInstances";
import type { Instance } from "../../instances/instance";
import type { Registry } from "../../registry";
import { templateKindHandlers, templateKindItem } from "./templateKinds";

import { notFoundItem, timedOutItem, waitForState, withTimeoutMessage } from "./wait";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

type TemplateRoutes = "createTemplates" | "getTemplates" | "patchTemplates" | "deleteTemplates";

/** Handlers of `/v1/instances/templates`. */
export function templateHandlers(registry: Registry): Pick<Handlers, TemplateRoutes> {
  const { log } = registry.parts;
  const { get, patch, remove } = templateKindHandlers(registry, "template");
  const isTemplate = ({ state }: Instance): boolean => state === "template";

  /** Converts an instance to a template. A running instance is stopped first. */
  async function convert(entry: BodyOf<"createTemplates">[number], signal: AbortSignal) {
    const instance = findInstance(registry, entry);
    assertNotManaged(registry, instance.record);
    const { timeout_s: timeoutS = 0, autokill } = entry;
    await instance.request("convert-to-template", { templateAutokillMs: autokill?.time_ms ?? 0 });
    const end = timeoutS === 0 ? "met" : await waitForState(registry, instance, isTemplate, timeoutS, signal);
    if (end === "gone") return notFoundItem(instance);
    return end === "timed-out" ? timedOutItem(instance) : templateKindItem(instance);
  }

  return {
    createTemplates: async ({ body, signal }) =>
      withTimeoutMessage(await mapItems(body, log, (entry) => convert(entry, signal))),
    getTemplates: get,
    patchTemplates: patch,
    deleteTemplates: remove,
  };
}
