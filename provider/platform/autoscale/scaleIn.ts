/** Removes instances that autoscale manages. */
import type { Service } from "../services/service";
import { errorMessage } from "../../base/errors";
import { DEFAULT_HALF_CLOSED_TIMEOUT_MS, MAX_DRAIN_MS } from "../../contract/models";
import type { Instance } from "../instances/instance";
import type { Registry } from "../registry";
import { managedInstances } from "./managedInstances";

/** True unless a delete lock keeps autoscale from removing the instance. */
export const mayRemove = ({ record }: Instance): boolean => !record.definition.deleteLock;

/**
 * Drains an instance for up to `drainTimeoutMs` milliseconds (at most {@link MAX_DRAIN_MS}), stops and deletes it, unless it has a
 * delete lock. Never rejects; failures are logged.
 */
export async function retireInstance(registry: Registry, instance: Instance, drainTimeoutMs: number): Promise<void> {
  const { uuid, name } = instance.record;
  if (!mayRemove(instance)) return;
  try {
    const limits = {
      drainTimeoutMs: Math.min(drainTimeoutMs, MAX_DRAIN_MS),
      halfClosedTimeoutMs: DEFAULT_HALF_CLOSED_TIMEOUT_MS,
    };
    if (!instance.isDown) await instance.request("stop", limits);
    const isGone = (): boolean => registry.instances.get(uuid) !== instance;
    await registry.changes.waitUntil(() => instance.isDown || isGone(), registry.shutdownSignal);
    if (!registry.isShutDown && !isGone() && mayRemove(instance)) await instance.request("delete");
  } catch (error) {
    const reason = errorMessage(error);
    registry.parts.log.write("autoscale.not-removed", { uuid, name, reason });
  }
}

/**
 * Begins to remove all instances that this service group's autoscale manages. Those with a delete lock become ordinary
 * instances.
 */
export function retireManagedInstances(registry: Registry, service: Service, drainTimeoutMs: number): void {
  for (const instance of managedInstances(registry, service)) {
    if (mayRemove(instance)) void retireInstance(registry, instance, drainTimeoutMs);
    else instance.releaseFromAutoscale();
  }
}
