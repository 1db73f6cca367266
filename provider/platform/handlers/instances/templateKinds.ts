/** What templates and checkpoints share: each has a listing of its own. */
import type { BodyOf } from "../../../contract/routes";
import { assertNotAutoscaleTemplate } from "../../autoscale/managedInstances";
import type { InstanceActor } from "../../instances/actor";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import { instanceItem } from "./item";
import { isVisible, visibleInstances } from "./visible";
import type { HandlerRequest, Selector } from "../handler";
import { mapItems, findBySelector, readItems } from "../items";

/** What was made, or turned into a template. */
export const templateKindItem = ({ record, state }: InstanceActor) => ({
  status: "success" as const,
  uuid: record.uuid,
  name: record.name,
  state,
});

/** Reading, changing and deleting those of one kind. */
export function templateKindHandlers(registry: Registry, kind: "template" | "checkpoint") {
  const { log } = registry.parts;
  const all = (): InstanceActor[] => visibleInstances(registry).filter(({ state }) => state === kind);
  const findTemplateOrCheckpoint = (selector: Selector): InstanceActor =>
    findBySelector(all(), ({ record }) => record, kind, selector);

  function patch(change: BodyOf<"patchTemplates">[number]) {
    const actor = findTemplateOrCheckpoint(change);
    actor.patchTemplate(change);
    return { ...templateKindItem(actor), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(selector: Selector) {
    const actor = findTemplateOrCheckpoint(selector);
    const { uuid, name, definition } = actor.record;
    if (definition.deleteLock) throw new ApiItemError("NotAllowed", "Deletion protection enabled");
    assertNotAutoscaleTemplate(registry, actor.record);
    await actor.request("delete");
    return { status: "success" as const, uuid, name };
  }

  return {
    get: async (request: Pick<HandlerRequest<"getTemplates">, "query" | "selectors">) => {
      const { tags = [] } = request.query;
      const isListed = (actor: InstanceActor): boolean =>
        isVisible(actor) && actor.state === kind && tags.every((tag) => actor.record.definition.tags.includes(tag));
      const items = await readItems(
        request,
        log,
        [...registry.instances.values()],
        ({ record }) => record,
        kind,
        (actor) => instanceItem(registry, actor),
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
