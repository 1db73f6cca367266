/** What stands in the way of a change to a volume. Each throws a refusal, or does nothing. */
import type { Platform } from "../registry";
import { Refusal } from "../errors";
import type { VolumeRecord } from "../store/volumes";

/** Throws `CannotBeUsed` for a template, which has routes of its own. */
export function refuseTemplate({ name, state }: VolumeRecord): void {
  if (state === "template")
    throw new Refusal("CannotBeUsed", `Volume '${name}' is a template; see /v1/volumes/templates`);
}

/** Throws `Attached` while any instance has the volume. */
export function refuseAttached(platform: Platform, { uuid, name }: VolumeRecord): void {
  const users = platform.usersOf(uuid);
  if (users.length === 0) return;
  const names = users.map((actor) => `'${actor.record.name}'`).join(", ");
  throw new Refusal("Attached", `Volume '${name}' is attached to ${names}`);
}

/** Throws `FailedOperation` unless the volume is in one of these states and nothing works on its disk. */
export function refuseBusy(
  platform: Platform,
  { uuid, name, state }: VolumeRecord,
  ready: readonly VolumeRecord["state"][] = ["available"],
): void {
  if (!ready.includes(state)) throw new Refusal("FailedOperation", `Volume '${name}' is ${state}`);
  if (platform.disks.isBusy(uuid)) throw new Refusal("FailedOperation", `Volume '${name}' is busy: it is being copied`);
}

/** Throws `NotAllowed` for a locked one, `Attached` and `FailedOperation` for one that something uses. */
export function refuseRemoval(platform: Platform, volume: VolumeRecord): void {
  if (volume.deleteLock) throw new Refusal("NotAllowed", "Deletion protection enabled");
  refuseAttached(platform, volume);
  refuseBusy(platform, volume, ["available", "error", "template"]);
}
