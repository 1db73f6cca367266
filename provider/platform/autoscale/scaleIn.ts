/** The end of instances that autoscale has made. */
import { MAX_DRAIN_MS } from "../../contract/models";
import type { InstanceActor } from "../instances/actor";
import type { Platform, Service } from "../registry";
import { managedOf } from "./managedInstances";

/** True for one that autoscale may end: a delete lock keeps it as it is. */
export const mayLeave = ({ record }: InstanceActor): boolean => !record.definition.deleteLock;

/**
 * Drains an instance for up to `drainTimeoutMs`, or the longest time that there is, since a cooldown may be longer; stops and deletes
 * it, unless it is locked. Never rejects; what fails is in the log.
 */
export async function retire(platform: Platform, actor: InstanceActor, drainTimeoutMs: number): Promise<void> {
  const { uuid, name } = actor.record;
  if (!mayLeave(actor)) return;
  try {
    if (!actor.isDown) await actor.request("stop", { drainTimeoutMs: Math.min(drainTimeoutMs, MAX_DRAIN_MS) });
    const isGone = (): boolean => platform.instances.get(uuid) !== actor;
    await platform.changes.until(() => actor.isDown || isGone(), platform.released);
    if (!platform.isReleased && !isGone() && mayLeave(actor)) await actor.request("delete");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    platform.parts.log.write("autoscale.not-removed", { uuid, name, reason });
  }
}

/** Begins the end of all instances that the autoscale of this service group has made; those that are locked stay and are nobody's. */
export function retireAll(platform: Platform, service: Service, drainTimeoutMs: number): void {
  for (const actor of managedOf(platform, service)) {
    if (mayLeave(actor)) void retire(platform, actor, drainTimeoutMs);
    else actor.letGo();
  }
}
