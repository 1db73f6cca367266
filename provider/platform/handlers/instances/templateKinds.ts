/** Handlers that templates and checkpoints share. */
import { withClearAsDel } from "../../../contract/models";
import { type Selector, findBySelector, isVisible, visibleInstances, readItems } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { assertNotAutoscaleTemplate } from "../../autoscale/managedInstances";
import type { Instance } from "../../instances/instance";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import { instanceItem } from "./item";

import type { HandlerRequest } from "../handler";
import { mapItems } from "../items";

/** The item of a create: the template or checkpoint, or the instance that becomes a template. */
export const templateKindItem = ({ record, state }: Instance) => ({
  status: "success" as const,
  uuid: record.uuid,
  name: record.name,
  state,
});

/** Reads, changes and deletes templates or checkpoints. */
export function templateKindHandlers(registry: Registry, kind: "template" | "checkpoint") {
  const { log } = registry.parts;
  const all = (): Instance[] => visibleInstances(registry).filter(({ state }) => state === kind);
  const findTemplateOrCheckpoint = (selector: Selector): Instance =>
    findBySelector(all(), ({ record }) => record, kind, selector);

  function patch(change: BodyOf<"patchTemplates">[number]) {
    const instance = findTemplateOrCheckpoint(change);
    instance.patchTemplate(withClearAsDel(change));
    return { ...templateKindItem(instance), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(selector: Selector) {
    const instance = findTemplateOrCheckpoint(selector);
    const { uuid, name, definition } = instance.record;
    if (definition.deleteLock) throw new ApiItemError("NotAllowed", "Deletion protection enabled");
    assertNotAutoscaleTemplate(registry, instance.record);
    await instance.request("delete");
    return { status: "success" as const, uuid, name };
  }

  return {
    get: async (request: Pick<HandlerRequest<"getTemplates">, "query" | "selectors">) => {
      const { tags = [] } = request.query;
      const isListed = (instance: Instance): boolean =>
        isVisible(instance) &&
        instance.state === kind &&
        tags.every((tag) => instance.record.definition.tags.includes(tag));
      const items = readItems(
        request,
        log,
        [...registry.instances.values()],
        ({ record }) => record,
        kind,
        (instance) => instanceItem(registry, instance),
        isListed,
      );
      return { items };
    },
    patch: async ({ body }: Pick<HandlerRequest<"patchTemplates">, "body">) => ({
      items: await mapItems(body, log, patch),
    }),
    remove: async ({ body }: Pick<HandlerRequest<"deleteTemplates">, "body">) => ({
      items: await mapItems(body, log, remove),
    }),
  };
}
