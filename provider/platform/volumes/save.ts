/** What is kept of volumes, in memory and in the database. */
import * as fs from "node:fs/promises";
import { volumeFile } from "./file";
import type { Platform } from "../registry";
import type { Attachment } from "../store/instances";
import { deleteVolume, saveVolume, type VolumeRecord } from "../store/volumes";

/** Writes and announces a volume. */
export function keepVolume(platform: Platform, volume: VolumeRecord): VolumeRecord {
  saveVolume(platform.parts.database, volume);
  platform.volumes.set(volume.uuid, volume);
  platform.changes.notify();
  return volume;
}

/** Changes a volume as it is now: much may have happened to it since a record of it was read. */
export function changeVolume(
  platform: Platform,
  volume: VolumeRecord,
  change: Partial<Omit<VolumeRecord, "uuid" | "name">>,
): VolumeRecord {
  return keepVolume(platform, { ...(platform.volumes.get(volume.uuid) ?? volume), ...change });
}

/**
 * What became of a disk: it counts whether or not it can be written, else nobody could use the volume before the next
 * daemon. That one finds what was written before and judges the disk anew.
 */
export function noteVolume(
  platform: Platform,
  volume: VolumeRecord,
  change: Parameters<typeof changeVolume>[2],
): VolumeRecord {
  try {
    return changeVolume(platform, volume, change);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    platform.parts.log.write("volume.not-written", { uuid: volume.uuid, reason });
    const noted = { ...(platform.volumes.get(volume.uuid) ?? volume), ...change };
    platform.volumes.set(volume.uuid, noted);
    platform.changes.notify();
    return noted;
  }
}

/**
 * Removes a volume and its disk; whether that may be is for the caller to judge. The record goes first: a disk without
 * one is a leftover, which the next daemon removes; the reverse would be a volume that cannot be used.
 */
export async function removeVolume(platform: Platform, { uuid, name }: VolumeRecord): Promise<void> {
  const { database, paths, log } = platform.parts;
  deleteVolume(database, uuid);
  platform.volumes.delete(uuid);
  platform.changes.notify();
  log.write("volume.deleted", { uuid, name });
  await fs.rm(volumeFile(paths, uuid), { force: true }).catch((error: unknown) => {
    log.write("volume.disk-left", { uuid, reason: error instanceof Error ? error.message : String(error) });
  });
}

/** Removes those that came with an instance and that no instance has any more; a locked one stays, for good. */
export async function removeUnowned(platform: Platform, volumes: readonly VolumeRecord[]): Promise<void> {
  const isUnowned = ({ uuid, persistent }: VolumeRecord): boolean => !persistent && platform.usersOf(uuid).length === 0;
  for (const { uuid } of volumes.filter(isUnowned)) {
    await platform.disks.ended([uuid]); // a clone that was begun is still made
    if (platform.isReleased) return; // the next daemon goes on
    const volume = platform.volumes.get(uuid);
    if (volume === undefined || !isUnowned(volume)) continue;
    if (volume.deleteLock) changeVolume(platform, volume, { persistent: true });
    else await removeVolume(platform, volume);
  }
}

/** An instance is gone, and with it the volumes that came with it. */
export const releaseVolumes = (platform: Platform, attachments: readonly Attachment[]): Promise<void> =>
  removeUnowned(
    platform,
    attachments.flatMap(({ volumeUuid }) => platform.volumes.get(volumeUuid) ?? []),
  );
