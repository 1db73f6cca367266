/** What stands in the way of a change to a volume. Each throws a refusal, or does nothing. */
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { VolumeRecord } from "../store/volumes";

/** Throws `CannotBeUsed` for a template, which has routes of its own. */
export function assertNotTemplate({ name, state }: VolumeRecord): void {
  if (state === "template")
    throw new ApiItemError("CannotBeUsed", `Volume '${name}' is a template; see /v1/volumes/templates`);
}

/** Throws `Attached` while any instance has the volume. */
export function assertNotAttached(registry: Registry, { uuid, name }: VolumeRecord): void {
  const users = registry.instancesUsingVolume(uuid);
  if (users.length === 0) return;
  const names = users.map((instance) => `'${instance.record.name}'`).join(", ");
  throw new ApiItemError("Attached", `Volume '${name}' is attached to ${names}`);
}

/** Throws `FailedOperation` unless the volume is in one of these states and nothing works on its disk. */
export function assertNotBusy(
  registry: Registry,
  { uuid, name, state }: VolumeRecord,
  ready: readonly VolumeRecord["state"][] = ["available"],
): void {
  if (!ready.includes(state)) throw new ApiItemError("FailedOperation", `Volume '${name}' is ${state}`);
  if (registry.disks.isBusy(uuid))
    throw new ApiItemError("FailedOperation", `Volume '${name}' is busy: it is being copied`);
}

/** Throws `NotAllowed` for a locked one, `Attached` and `FailedOperation` for one that something uses. */
export function assertRemovable(registry: Registry, volume: VolumeRecord): void {
  if (volume.deleteLock) throw new ApiItemError("NotAllowed", "Deletion protection enabled");
  assertNotAttached(registry, volume);
  assertNotBusy(registry, volume, ["available", "error", "template"]);
}
