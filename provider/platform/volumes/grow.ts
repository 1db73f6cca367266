/** More room on a disk that no VM uses. */
import { assertWithinLimits } from "../quota/quotaLimits";
import { volumeDiskPath } from "./diskPath";
import type { Registry } from "../registry";
import { assertQuota } from "../quota/quota";
import { ApiItemError } from "../errors";
import type { VolumeRecord } from "../store/volumes";
import { growDisk } from "./disk";
import { updateVolume, updateVolumeBestEffort } from "./save";
import { assertNotBusy } from "./preconditions";
import { instancesMounting } from "./mountedBy";

/**
 * Grows a volume to `sizeMb`, which is more than it has; one that is `busy` growing counts as grown for the quota.
 * Throws refusals `Invalid`, `Attached`, `FailedOperation`, `Quota`; what growing the disk throws.
 */
export async function growVolume(registry: Registry, volume: VolumeRecord, sizeMb: number): Promise<void> {
  assertWithinLimits(registry.parts.quotas.limits, "volume_mb", sizeMb, "size_mb");
  const [mounter] = instancesMounting(registry, volume.uuid);
  if (mounter !== undefined) {
    throw new ApiItemError(
      "Attached",
      `Volume '${volume.name}' can only grow while it is not mounted; stop instance '${mounter.record.name}' first`,
    );
  }
  assertNotBusy(registry, volume);
  if (volume.quotaPolicy === "static") assertQuota(registry, { total_volume_mb: sizeMb - volume.sizeMb });
  updateVolume(registry, volume, { state: "busy", growsToMb: sizeMb });
  try {
    await registry.disks.run(volume.uuid, () => growDisk(volumeDiskPath(registry.parts.paths, volume.uuid), sizeMb));
  } catch (error) {
    if (!registry.isShutDown) updateVolumeBestEffort(registry, volume, { state: "available", growsToMb: undefined });
    throw error;
  }
  if (registry.isShutDown) throw new ApiItemError("FailedOperation", "The platform is going down");
  updateVolumeBestEffort(registry, volume, { state: "available", sizeMb, growsToMb: undefined });
}
