/** Saves and deletes volumes, in memory and in the database together. */
import { errorMessage } from "../../base/errors";
import * as fs from "node:fs/promises";
import type { Registry } from "../registry";
import type { VolumeAttachment } from "../store/instances";
import { deleteVolume, saveVolume, type VolumeRecord } from "../store/volumes";
import { volumeDiskPath } from "./disk";

/** Saves a volume and notifies those who wait for a change. Throws when the database cannot be written. */
export function persistVolume(registry: Registry, volume: VolumeRecord): VolumeRecord {
  saveVolume(registry.parts.database, volume);
  registry.volumes.set(volume.uuid, volume);
  registry.changes.notify();
  return volume;
}

/** Changes fields of the current record, which may differ from `volume`, read earlier. Throws as `persistVolume` does. */
export function updateVolume(
  registry: Registry,
  volume: VolumeRecord,
  change: Partial<Omit<VolumeRecord, "uuid" | "name">>,
): VolumeRecord {
  return persistVolume(registry, { ...(registry.volumes.get(volume.uuid) ?? volume), ...change });
}

/**
 * Like `updateVolume`, but applies the change in memory even when the database cannot be written. For results of work on
 * a disk: without it nobody could use the volume until the daemon restarts. The next daemon reads the old record and
 * checks the disk itself.
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
 * Deletes a volume and its disk, without any check. The record goes first: the next daemon deletes a disk without a
 * record, but a record without a disk would be a broken volume.
 */
export async function removeVolume(registry: Registry, { uuid, name }: VolumeRecord): Promise<void> {
  const { database, paths, log } = registry.parts;
  deleteVolume(database, uuid);
  registry.volumes.delete(uuid);
  registry.changes.notify();
  log.write("volume.deleted", { uuid, name });
  await fs.rm(volumeDiskPath(paths, uuid), { force: true }).catch((error: unknown) => {
    log.write("volume.disk-left", { uuid, reason: errorMessage(error) });
  });
}

/**
 * Deletes those of the volumes that were created with an instance and are attached to none any more. A locked volume
 * becomes persistent instead.
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

/** Deletes the volumes that were created with an instance, once the instance is deleted. */
export const removeInlineVolumes = (registry: Registry, attachments: readonly VolumeAttachment[]): Promise<void> =>
  removeOrphanedVolumes(
    registry,
    attachments.flatMap(({ volumeUuid }) => registry.volumes.get(volumeUuid) ?? []),
  );
