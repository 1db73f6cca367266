/** More room on a disk that no VM uses. */
import { volumeFile } from "./file";
import type { Platform } from "../registry";
import { enforceLimit, enforceQuota } from "../quota";
import { Refusal } from "../errors";
import type { VolumeRecord } from "../store/volumes";
import { growDisk } from "./disk";
import { changeVolume, noteVolume } from "./save";
import { refuseBusy } from "./preconditions";
import { mountersOf } from "./mountedBy";

/**
 * Grows a volume to `sizeMb`, which is more than it has; one that is `busy` growing counts as grown for the quota.
 * Throws refusals `Invalid`, `Attached`, `FailedOperation`, `Quota`; what growing the disk throws.
 */
export async function growVolume(platform: Platform, volume: VolumeRecord, sizeMb: number): Promise<void> {
  enforceLimit(platform, "volume_mb", sizeMb, "size_mb");
  const [mounter] = mountersOf(platform, volume.uuid);
  if (mounter !== undefined) {
    throw new Refusal(
      "Attached",
      `Volume '${volume.name}' can only grow while it is not mounted; stop instance '${mounter.record.name}' first`,
    );
  }
  refuseBusy(platform, volume);
  if (volume.quotaPolicy === "static") enforceQuota(platform, { total_volume_mb: sizeMb - volume.sizeMb });
  changeVolume(platform, volume, { state: "busy", growsToMb: sizeMb });
  try {
    await platform.disks.on(volume.uuid, () => growDisk(volumeFile(platform.parts.paths, volume.uuid), sizeMb));
  } catch (error) {
    if (!platform.isReleased) noteVolume(platform, volume, { state: "available", growsToMb: undefined });
    throw error;
  }
  if (platform.isReleased) throw new Refusal("FailedOperation", "The platform is going down");
  noteVolume(platform, volume, { state: "available", sizeMb, growsToMb: undefined });
}
