/** Saves and deletes volumes, in memory and in the database together. */
import { errorMessage } from "../../base/errors";
import type { Registry } from "../registry";
import type { VolumeAttachment } from "../store/instances";
import { deleteVolume, saveVolume, type VolumeRecord } from "../store/volumes";
import { removeDisk, volumeDiskPath } from "./disk";

/** Saves a volume and notifies of the change. Throws when the database cannot be written. */
export function persistVolume(registry: Registry, volume: VolumeRecord): VolumeRecord {
  saveVolume(registry.parts.database, volume);
  registry.volumes.set(volume.uuid, volume);
  registry.changes.notify();
  return volume;
}

/**
 * Changes fields of the volume's current record, which may be newer than `volume`. Throws what `persistVolume` throws.
 */
export function updateVolume(
  registry: Registry,
  volume: VolumeRecord,
  change: Partial<Omit<VolumeRecord, "uuid" | "name">>,
): VolumeRecord {
  return persistVolume(registry, { ...(registry.volumes.get(volume.uuid) ?? volume), ...change });
}

/**
 * Like `updateVolume`, but applies the change in memory even if the database cannot be written. For the outcome of a disk
 * job: otherwise the volume would be unusable until the daemon restarts. The next daemon reads the old record and checks the
 * disk itself.
 */
export function updateVolumeBestEffort(
  registry: Registry,
  volume: VolumeRecord,
  change: Parameters<typeof updateVolume>[2],
): VolumeRecord {
  try {
    return updateVolume(registry, volume, change);
  } catch (error) {
    const reason = errorMessage(error);
    registry.parts.log.write("volume.not-written", { uuid: volume.uuid, reason });
    const changed = { ...(registry.volumes.get(volume.uuid) ?? volume), ...change };
    registry.volumes.set(volume.uuid, changed);
    registry.changes.notify();
    return changed;
  }
}

/**
 * Deletes a volume and its disk, without any check. The record is deleted first: the next daemon deletes a disk without a
 * record, but a record without a disk would be a broken volume.
 */
export async function removeVolume(registry: Registry, { uuid, name }: VolumeRecord): Promise<void> {
  const { database, paths, log } = registry.parts;
  deleteVolume(database, uuid);
  registry.volumes.delete(uuid);
  registry.changes.notify();
  log.write("volume.deleted", { uuid, name });
  await removeDisk(volumeDiskPath(paths, uuid)).catch((error: unknown) => {
    log.write("volume.disk-not-deleted", { uuid, reason: errorMessage(error) });
  });
}

/**
 * Deletes the inline volumes among these that are no longer attached to any instance. One with a delete lock becomes
 * persistent instead.
 */
export async function removeOrphanedVolumes(registry: Registry, volumes: readonly VolumeRecord[]): Promise<void> {
  const isOrphaned = ({ uuid, persistent }: VolumeRecord): boolean =>
    !persistent && registry.instancesUsingVolume(uuid).length === 0;
  for (const { uuid } of volumes.filter(isOrphaned)) {
    await registry.disks.waitFor([uuid]); // let a running clone finish
    if (registry.isShutDown) return; // the next daemon continues
    const volume = registry.volumes.get(uuid);
    if (volume === undefined || !isOrphaned(volume)) continue;
    if (volume.deleteLock) updateVolume(registry, volume, { persistent: true });
    else await removeVolume(registry, volume);
  }
}

/** Deletes the inline volumes of a deleted instance. `attachments`: those that the instance had. */
export const removeInlineVolumes = (registry: Registry, attachments: readonly VolumeAttachment[]): Promise<void> =>
  removeOrphanedVolumes(
    registry,
    attachments.flatMap(({ volumeUuid }) => registry.volumes.get(volumeUuid) ?? []),
  );
