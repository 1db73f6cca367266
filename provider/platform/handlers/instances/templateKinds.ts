/** What templates and checkpoints share: each has a listing of its own. */
import type { BodyOf } from "../../../contract/routes";
import { refuseScaledTemplate } from "../../autoscale/managedInstances";
import type { InstanceActor } from "../../instances/actor";
import type { Platform } from "../../registry";
import { Refusal } from "../../errors";
import { instanceItem } from "./item";
import { isVisible, visibleInstances } from "./visible";
import type { HandlerRequest, Selector } from "../request";
import { eachItem, find, readItems } from "../items";

/** What was made, or turned into a template. */
export const frozenItem = ({ record, state }: InstanceActor) => ({
  status: "success" as const,
  uuid: record.uuid,
  name: record.name,
  state,
});

/** Reading, changing and deleting those of one kind. */
export function frozenHandlers(platform: Platform, kind: "template" | "checkpoint") {
  const { log } = platform.parts;
  const all = (): InstanceActor[] => visibleInstances(platform).filter(({ state }) => state === kind);
  const named = (selector: Selector): InstanceActor => find(all(), ({ record }) => record, kind, selector);

  function patch(change: BodyOf<"patchTemplates">[number]) {
    const actor = named(change);
    actor.changeFrozen(change);
    return { ...frozenItem(actor), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  async function remove(selector: Selector) {
    const actor = named(selector);
    const { uuid, name, definition } = actor.record;
    if (definition.deleteLock) throw new Refusal("NotAllowed", "Deletion protection enabled");
    refuseScaledTemplate(platform, actor.record);
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
        [...platform.instances.values()],
        ({ record }) => record,
        kind,
        (actor) => instanceItem(platform, actor),
        isListed,
      );
      return { items };
    },
    patch: async ({ body }: Pick<HandlerRequest<"patchTemplates">, "body">) => ({
      items: await eachItem(body, log, patch),
    }),
    remove: async ({ body }: Pick<HandlerRequest<"deleteTemplates">, "body">) => ({
      items: await eachItem(body, log, remove),
    }),
  };
}
