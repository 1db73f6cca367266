/** What is kept of volumes, in memory and in the database. */
import { errorMessage } from "../../base/errors";
import * as fs from "node:fs/promises";
import { volumeDiskPath } from "./diskPath";
import type { Registry } from "../registry";
import type { VolumeAttachment } from "../store/instances";
import { deleteVolume, saveVolume, type VolumeRecord } from "../store/volumes";

/** Writes and announces a volume. */
export function persistVolume(registry: Registry, volume: VolumeRecord): VolumeRecord {
  saveVolume(registry.parts.database, volume);
  registry.volumes.set(volume.uuid, volume);
  registry.changes.notify();
  return volume;
}

/** Changes a volume as it is now: much may have happened to it since a record of it was read. */
export function updateVolume(
  registry: Registry,
  volume: VolumeRecord,
  change: Partial<Omit<VolumeRecord, "uuid" | "name">>,
): VolumeRecord {
  return persistVolume(registry, { ...(registry.volumes.get(volume.uuid) ?? volume), ...change });
}

/**
 * What became of a disk: it counts whether or not it can be written, else nobody could use the volume before the next
 * daemon. That one finds what was written before and judges the disk anew.
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
    const noted = { ...(registry.volumes.get(volume.uuid) ?? volume), ...change };
    registry.volumes.set(volume.uuid, noted);
    registry.changes.notify();
    return noted;
  }
}

/**
 * Removes a volume and its disk; whether that may be is for the caller to judge. The record goes first: a disk without
 * one is a leftover, which the next daemon removes; the reverse would be a volume that cannot be used.
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

/** Removes those that came with an instance and that no instance has any more; a locked one stays, for good. */
export async function removeOrphanedVolumes(registry: Registry, volumes: readonly VolumeRecord[]): Promise<void> {
  const isUnowned = ({ uuid, persistent }: VolumeRecord): boolean =>
    !persistent && registry.instancesUsingVolume(uuid).length === 0;
  for (const { uuid } of volumes.filter(isUnowned)) {
    await registry.disks.waitFor([uuid]); // a clone that was begun is still made
    if (registry.isShutDown) return; // the next daemon goes on
    const volume = registry.volumes.get(uuid);
    if (volume === undefined || !isUnowned(volume)) continue;
    if (volume.deleteLock) updateVolume(registry, volume, { persistent: true });
    else await removeVolume(registry, volume);
  }
}

/** An instance is gone, and with it the volumes that came with it. */
export const removeInlineVolumes = (registry: Registry, attachments: readonly VolumeAttachment[]): Promise<void> =>
  removeOrphanedVolumes(
    registry,
    attachments.flatMap(({ volumeUuid }) => registry.volumes.get(volumeUuid) ?? []),
  );
