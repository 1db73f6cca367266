/** Which instances use a volume, and the preconditions of attaching, changing and deleting it. */
import type { Instance } from "../instances/instance";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { VolumeAttachment } from "../store/instances";
import type { VolumeRecord } from "../store/volumes";
import { assertMountPath } from "./rules";

/** Instances that have a volume mounted: those with a VM, and those in standby, which wake without a request. */
export const instancesMounting = (registry: Registry, volumeUuid: string): readonly Instance[] =>
  registry.instancesUsingVolume(volumeUuid).filter((instance) => instance.usesDisks || instance.state === "standby");

/** True when the instance has the volume attached without write access. */
export const isReadOnlyAttachment = (instance: Instance, volumeUuid: string): boolean =>
  instance.record.volumes.find((one) => one.volumeUuid === volumeUuid)?.readonly === true;

/** Where and how to mount a volume in an instance. */
export interface AttachmentRequest {
  /** Absolute path in the guest. */
  readonly at: string;
  /** Default false. */
  readonly readonly?: boolean | undefined;
}

/**
 * Resolves a requested attachment. A volume has either one writer or any number of readers; with access mode `rwx` any number of both.
 *
 * @param present attachments that the instance already has
 *
 * Throws `ApiItemError`: `Invalid` for a path that is invalid or taken, `CannotBeUsed` for a template and for a volume
 * that is not available, `Attached` when another instance has the volume.
 */
export function resolveAttachment(
  registry: Registry,
  volume: VolumeRecord,
  { at, readonly = false }: AttachmentRequest,
  present: readonly VolumeAttachment[],
): VolumeAttachment {
  const { uuid, name, state, accessMode } = volume;
  assertMountPath(at);
  if (state === "template") {
    throw new ApiItemError(
      "CannotBeUsed",
      `Volume '${name}' is a template; create a volume from it and attach that one`,
    );
  }
  if (present.some((one) => one.volumeUuid === uuid))
    throw new ApiItemError("Attached", `Volume '${name}' is already attached to the instance`);
  if (present.some((one) => one.at === at))
    throw new ApiItemError("Invalid", `Another volume is already mounted at '${at}'`);
  for (const { record } of registry.instancesUsingVolume(uuid)) {
    const other = record.volumes.find((one) => one.volumeUuid === uuid);
    if (accessMode === "rwx" || (readonly && other?.readonly === true)) continue;
    throw new ApiItemError("Attached", `Volume '${name}' is attached to instance '${record.name}'`);
  }
  if (state !== "available") throw new ApiItemError("CannotBeUsed", `Volume '${name}' is ${state}`);
  return { volumeUuid: uuid, at, readonly };
}

/** Throws `ApiItemError` `CannotBeUsed` for a template, which has its own routes. */
export function assertNotTemplate({ name, state }: VolumeRecord): void {
  if (state === "template")
    throw new ApiItemError("CannotBeUsed", `Volume '${name}' is a template; use /v1/volumes/templates`);
}

/** Throws `ApiItemError` `Attached` while any instance has the volume attached. */
export function assertNotAttached(registry: Registry, { uuid, name }: VolumeRecord): void {
  const users = registry.instancesUsingVolume(uuid);
  if (users.length === 0) return;
  const names = users.map((instance) => `'${instance.record.name}'`).join(", ");
  throw new ApiItemError("Attached", `Volume '${name}' is attached to ${names}`);
}

/** Throws `ApiItemError` `FailedOperation` unless the volume is in one of these states and its disk is not in use. */
export function assertNotBusy(
  registry: Registry,
  { uuid, name, state }: VolumeRecord,
  allowed: readonly VolumeRecord["state"][] = ["available"],
): void {
  if (!allowed.includes(state)) throw new ApiItemError("FailedOperation", `Volume '${name}' is ${state}`);
  if (registry.disks.isBusy(uuid))
    throw new ApiItemError("FailedOperation", `Volume '${name}' is busy: it is being copied`);
}

/** Throws `ApiItemError`: `NotAllowed` for a locked volume, `Attached` or `FailedOperation` for one in use. */
export function assertRemovable(registry: Registry, volume: VolumeRecord): void {
  if (volume.deleteLock) throw new ApiItemError("NotAllowed", "Deletion protection enabled");
  assertNotAttached(registry, volume);
  assertNotBusy(registry, volume, ["available", "error", "template"]);
}
