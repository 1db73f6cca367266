/** Makes an instance for autoscale. */
import type { InstanceActor } from "../instances/actor";
import { createInstances } from "../instances/create/create";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";

/**
 * Clones a template into a service group and starts the clone, which belongs to autoscale from the first moment.
 * Throws what creating and starting an instance throws; nothing stays then.
 */
export async function createManagedInstance(
  registry: Registry,
  serviceUuid: string,
  templateUuid: string,
): Promise<InstanceActor> {
  const body = { template: { uuid: templateUuid }, service_group: { uuid: serviceUuid }, autostart: true };
  const [actor] = await createInstances(registry, body, { autoscaledBy: serviceUuid });
  if (actor === undefined) throw new ApiItemError("FailedOperation", "No instance was made of the template");
  try {
    await actor.request("start");
  } catch (error) {
    await actor.request("delete");
    throw error;
  }
  return actor;
}
