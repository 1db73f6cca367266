/** Creates an instance for autoscale. */
import type { Instance } from "../instances/instance";
import { createInstances } from "../instances/create/create";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";

/**
 * Creates an instance from a template in a service group, managed by autoscale, and starts it. Throws what creating and
 * starting an instance throws; a failure leaves nothing behind.
 */
export async function createManagedInstance(
  registry: Registry,
  serviceUuid: string,
  templateUuid: string,
): Promise<Instance> {
  const body = { template: { uuid: templateUuid }, service_group: { uuid: serviceUuid }, autostart: true };
  const [instance] = await createInstances(registry, body, { autoscaledBy: serviceUuid });
  if (instance === undefined) throw new ApiItemError("FailedOperation", "No instance was created from the template");
  try {
    await instance.request("start");
  } catch (error) {
    await instance.request("delete");
    throw error;
  }
  return instance;
}
