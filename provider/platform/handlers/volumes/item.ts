/** A volume as the API reports it. */
import { toRfc3339 } from "../../../base/clock";
import type { VolumeState } from "../../../contract/models";
import type { ItemOf } from "../../../contract/routes";
import type { Registry } from "../../registry";
import type { VolumeRecord } from "../../store/volumes";
import { freeSpaceMb } from "../../volumes/usage";
import { instancesMounting, isReadOnlyAttachment } from "../../volumes/preconditions";

/** The item of a volume. Omits the free space while a guest may write, because unflushed writes make it unknown. */
export function volumeItem(registry: Registry, volume: VolumeRecord): ItemOf<"getVolumes"> {
  const { uuid, name } = volume;
  const mounters = instancesMounting(registry, uuid);
  const isWritten = mounters.some((instance) => !isReadOnlyAttachment(instance, uuid));
  const free = isWritten ? undefined : freeSpaceMb(registry.parts.paths, volume);
  return {
    status: "success",
    uuid,
    name,
    created_at: toRfc3339(volume.createdAt),
    state: reportedVolumeState(registry, volume),
    size_mb: volume.sizeMb,
    ...(free === undefined ? {} : { free_mb: free }),
    persistent: volume.persistent,
    quota_policy: volume.quotaPolicy,
    filesystem: volume.accessMode === "rwx" ? "virtiofs" : "ext4",
    access_mode: volume.accessMode,
    tags: [...volume.tags],
    delete_lock: volume.deleteLock,
    attached_to: registry.instancesUsingVolume(uuid).map(({ record }) => ({ uuid: record.uuid, name: record.name })),
    mounted_by: mounters.map((instance) => ({
      uuid: instance.record.uuid,
      name: instance.record.name,
      readonly: isReadOnlyAttachment(instance, uuid),
    })),
  };
}

/** The state that the API reports. For a usable volume it depends on the instances that use it. */
export function reportedVolumeState(registry: Registry, { uuid, state }: VolumeRecord): VolumeState {
  if (state !== "available") return state;
  if (instancesMounting(registry, uuid).length > 0) return "mounted";
  if (registry.disks.isBusy(uuid)) return "busy";
  return registry.instancesUsingVolume(uuid).length > 0 ? "idle" : "available";
}
