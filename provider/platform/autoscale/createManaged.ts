/** Makes an instance for autoscale. */
import type { InstanceActor } from "../instances/actor";
import { createInstances } from "../instances/create/create";
import type { Platform } from "../registry";
import { Refusal } from "../errors";

/**
 * Clones a template into a service group and starts the clone, which belongs to autoscale from the first moment.
 * Throws what creating and starting an instance throws; nothing stays then.
 */
export async function createManaged(
  platform: Platform,
  serviceUuid: string,
  templateUuid: string,
): Promise<InstanceActor> {
  const body = { template: { uuid: templateUuid }, service_group: { uuid: serviceUuid }, autostart: true };
  const [actor] = await createInstances(platform, body, { autoscaledBy: serviceUuid });
  if (actor === undefined) throw new Refusal("FailedOperation", "No instance was made of the template");
  try {
    await actor.request("start");
  } catch (error) {
    await actor.request("delete");
    throw error;
  }
  return actor;
}
