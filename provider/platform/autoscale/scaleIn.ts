/** The end of instances that autoscale has made. */
import type { Service } from "../services/service";
import { errorMessage } from "../../base/errors";
import { MAX_DRAIN_MS } from "../../contract/models";
import type { Instance } from "../instances/instance";
import type { Registry } from "../registry";
import { managedInstances } from "./managedInstances";

/** True for one that autoscale may end: a delete lock keeps it as it is. */
export const mayRemove = ({ record }: Instance): boolean => !record.definition.deleteLock;

/**
 * Drains an instance for up to `drainTimeoutMs`, or the longest time that there is, since a cooldown may be longer; stops and deletes
 * it, unless it is locked. Never rejects; what fails is in the log.
 */
export async function retireInstance(registry: Registry, instance: Instance, drainTimeoutMs: number): Promise<void> {
  const { uuid, name } = instance.record;
  if (!mayRemove(instance)) return;
  try {
    if (!instance.isDown) await instance.request("stop", { drainTimeoutMs: Math.min(drainTimeoutMs, MAX_DRAIN_MS) });
    const isGone = (): boolean => registry.instances.get(uuid) !== instance;
    await registry.changes.waitUntil(() => instance.isDown || isGone(), registry.shutdownSignal);
    if (!registry.isShutDown && !isGone() && mayRemove(instance)) await instance.request("delete");
  } catch (error) {
    const reason = errorMessage(error);
    registry.parts.log.write("autoscale.not-removed", { uuid, name, reason });
  }
}

/** Begins the end of all instances that the autoscale of this service group has made; those that are locked stay and are nobody's. */
export function retireManagedInstances(registry: Registry, service: Service, drainTimeoutMs: number): void {
  for (const instance of managedInstances(registry, service)) {
    if (mayRemove(instance)) void retireInstance(registry, instance, drainTimeoutMs);
    else instance.releaseFromAutoscale();
  }
}
