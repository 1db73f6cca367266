/** Who has a volume. */
import type { InstanceActor } from "../instances/actor";
import type { Registry } from "../registry";

/** Instances that mount a volume now: those with a VM, and those in standby, which wake by themselves. */
export const instancesMounting = (registry: Registry, volumeUuid: string): readonly InstanceActor[] =>
  registry.instancesUsingVolume(volumeUuid).filter((actor) => actor.usesDisks || actor.state === "standby");

/** True for an attachment without write access. */
export const isReadOnlyAttachment = (actor: InstanceActor, volumeUuid: string): boolean =>
  actor.record.volumes.find((one) => one.volumeUuid === volumeUuid)?.readonly === true;
