/** Changes of instances. */
import { withClearAsDel } from "../../../contract/models";
import type { InstancePatchOperation } from "../../instances/instance";
import type { BootLayer } from "../../instances/bootFiles";
import { findInstance } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { transitiveDependencies } from "../../instances/dependencies";
import { assertAgent } from "../../instances/commands/assertAgent";
import { applyPatch, canClear, patchFunctionOf } from "../../instances/update/patch";
import { withUnpackedLayers, resolvePatch } from "../../instances/create/resolve";
import type { Instance } from "../../instances/instance";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";

import type { Handlers } from "../handler";
import { mapItemsInOrder } from "../items";

/** Handler of `PATCH /v1/instances`. Changes apply in the order of the request; each succeeds or fails on its own. */
export function instancePatchHandlers(registry: Registry): Pick<Handlers, "patchInstances"> {
  return {
    patchInstances: async ({ body }) => {
      const moved = new Set<Instance>();
      const items = await mapItemsInOrder(body, registry.parts.log, async (operation) => {
        const { instance, item } = await patch(registry, operation);
        if (operation.prop === "rotation") moved.add(instance);
        return item;
      });
      switchRotation([...moved]);
      const ids = body.map(({ id }) => (id === undefined ? {} : { id }));
      return { items: items.map((item, index) => ({ ...item, ...ids[index] })) };
    },
  };
}

async function patch(registry: Registry, triple: BodyOf<"patchInstances">[number]) {
  const { id: _id, prop, op, value, ...selector } = withClearAsDel(triple, canClear(triple.prop));
  const instance = findInstance(registry, selector);
  const { uuid, name } = instance.record;
  patchFunctionOf(prop, op); // throws before any lookup
  const { value: change, layers } = await resolvePatch(registry, { prop, op, value });
  await assertAgentFor(registry, instance, change, layers);
  await withUnpackedLayers(registry, layers, () => {
    assertNoDependencyCycle(registry, instance, change);
    instance.patch(change);
  });
  return { instance, item: { status: "success" as const, uuid, name } };
}

/** Admits before it withdraws, with nothing in between, so that no connection finds all of them withdrawn. */
function switchRotation(instances: readonly Instance[]): void {
  const isWithdrawn = ({ record }: Instance): boolean => record.definition.rotation === "out";
  for (const instance of instances) if (!isWithdrawn(instance)) instance.applyRotation();
  for (const instance of instances) if (isWithdrawn(instance)) instance.applyRotation();
}

/** Throws `NotSupported` if the instance would ask something of an agent that its kernel does not have. */
async function assertAgentFor(
  registry: Registry,
  instance: Instance,
  change: InstancePatchOperation,
  layers: readonly BootLayer[],
): Promise<void> {
  if (!["schedules", "scale_to_zero", "image"].includes(change.prop) || change.op === "del") return;
  const context = { limits: registry.parts.quotas.limits, hasService: instance.record.serviceUuid !== undefined };
  await assertAgent(registry, applyPatch(instance.plannedDefinition, change, context), layers);
}

/** Throws `Invalid` if the instance would depend on itself, directly or indirectly. */
function assertNoDependencyCycle(registry: Registry, instance: Instance, change: InstancePatchOperation): void {
  if (change.prop !== "dependencies") return;
  const { uuid, name, serviceUuid } = instance.record;
  const context = { limits: registry.parts.quotas.limits, hasService: serviceUuid !== undefined };
  const { dependencies } = applyPatch(instance.plannedDefinition, change, context);
  if (transitiveDependencies(registry, dependencies).has(uuid))
    throw new ApiItemError("Invalid", `Instance '${name}' would depend on itself`);
}
