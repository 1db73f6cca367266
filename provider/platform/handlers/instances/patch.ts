/** Changes of instances. */
import type { BodyOf } from "../../../contract/routes";
import { allDependencies } from "../../instances/dependencies";
import { applyChange, cellOf, type InstanceChange } from "../../instances/update/patch";
import { holdingLayers, resolveChange } from "../../instances/create/resolve";
import type { InstanceActor } from "../../instances/actor";
import type { Platform } from "../../registry";
import { Refusal } from "../../errors";
import { Turn } from "../../../base/mutex";
import { namedInstance } from "./visible";
import type { Handlers } from "../request";
import { eachItem } from "../items";

/** Handler of `PATCH /v1/instances`: changes apply in the order of the request, and each stands alone. */
export function instancePatchHandlers(platform: Platform): Pick<Handlers, "patchInstances"> {
  return {
    patchInstances: async ({ body }) => {
      const inOrder = new Turn();
      const items = await eachItem(body, platform.parts.log, (triple) => inOrder.take(() => patch(platform, triple)));
      const ids = body.map(({ id }) => (id === undefined ? {} : { id }));
      return { items: items.map((item, index) => ({ ...item, ...ids[index] })) };
    },
  };
}

async function patch(platform: Platform, { id: _id, prop, op, value, ...selector }: BodyOf<"patchInstances">[number]) {
  const actor = namedInstance(platform, selector);
  const { uuid, name } = actor.record;
  cellOf(prop, op); // before anything is looked up
  const { value: change, layers } = await resolveChange(platform, { prop, op, value });
  await holdingLayers(platform, layers, () => {
    refuseCycle(platform, actor, change);
    actor.change(change);
  });
  return { status: "success" as const, uuid, name };
}

/** Throws a refusal `Invalid` when the instance would have to start before itself. */
function refuseCycle(platform: Platform, actor: InstanceActor, change: InstanceChange): void {
  if (change.prop !== "dependencies") return;
  const { uuid, name, serviceUuid } = actor.record;
  const context = { limits: platform.parts.quotas.limits, hasService: serviceUuid !== undefined };
  const { dependencies } = applyChange(actor.planned, change, context);
  if (allDependencies(platform, dependencies).has(uuid))
    throw new Refusal("Invalid", `Instance '${name}' would depend on itself`);
}
