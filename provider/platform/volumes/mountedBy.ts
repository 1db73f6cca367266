/** Who has a volume. */
import type { Instance } from "../instances/instance";
import type { Registry } from "../registry";

/** Instances that mount a volume now: those with a VM, and those in standby, which wake by themselves. */
export const instancesMounting = (registry: Registry, volumeUuid: string): readonly Instance[] =>
  registry.instancesUsingVolume(volumeUuid).filter((instance) => instance.usesDisks || instance.state === "standby");

/** True for an attachment without write access. */
export const isReadOnlyAttachment = (instance: Instance, volumeUuid: string): boolean =>
  instance.record.volumes.find((one) => one.volumeUuid === volumeUuid)?.readonly === true;
