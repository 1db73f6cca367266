/** A volume as the API shows it. */
import type { VolumeState } from "../../../contract/models";
import type { ItemOf } from "../../../contract/routes";
import type { Platform } from "../../registry";
import type { VolumeRecord } from "../../store/volumes";
import { freeMb } from "../../volumes/usage";
import { mountersOf, readsOnly } from "../../volumes/mountedBy";
import { timeText } from "../items";

/** Omits what is not known: what is free while a guest writes, since that is in the guest's memory first. */
export function volumeItem(platform: Platform, volume: VolumeRecord): ItemOf<"getVolumes"> {
  const { uuid, name } = volume;
  const mounters = mountersOf(platform, uuid);
  const isWritten = mounters.some((actor) => !readsOnly(actor, uuid));
  const free = isWritten ? undefined : freeMb(platform.parts.paths, volume);
  return {
    status: "success",
    uuid,
    name,
    created_at: timeText(volume.createdAt),
    state: stateOf(platform, volume),
    size_mb: volume.sizeMb,
    ...(free === undefined ? {} : { free_mb: free }),
    persistent: volume.persistent,
    quota_policy: volume.quotaPolicy,
    filesystem: "ext4",
    access_mode: volume.accessMode,
    tags: [...volume.tags],
    delete_lock: volume.deleteLock,
    attached_to: platform.usersOf(uuid).map(({ record }) => ({ uuid: record.uuid, name: record.name })),
    mounted_by: mounters.map((actor) => ({
      uuid: actor.record.uuid,
      name: actor.record.name,
      readonly: readsOnly(actor, uuid),
    })),
  };
}

/** The state that the API shows: of a volume that is ready, it says who has it. */
export function stateOf(platform: Platform, { uuid, state }: VolumeRecord): VolumeState {
  if (state !== "available") return state;
  if (mountersOf(platform, uuid).length > 0) return "mounted";
  if (platform.disks.isBusy(uuid)) return "busy";
  return platform.usersOf(uuid).length > 0 ? "idle" : "available";
}
