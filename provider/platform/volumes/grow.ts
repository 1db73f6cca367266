/** Grows a volume that no VM uses. */
import type { Registry } from "../registry";
import { assertQuota } from "../quota/quota";
import { assertWithinLimits } from "../quota/quotaLimits";
import { ApiItemError } from "../errors";
import type { VolumeRecord } from "../store/volumes";
import { growDisk, volumeDiskPath } from "./disk";
import { assertNotBusy, instancesMounting } from "./preconditions";
import { updateVolume, updateVolumeBestEffort } from "./save";

/**
 * Grows a volume to `sizeMb`, which must exceed its size. The volume is `busy` meanwhile and uses quota for the new size.
 *
 * Throws `ApiItemError`: `Invalid`, `Attached`, `FailedOperation`, `Quota`; and the errors of `growDisk`.
 */
export async function growVolume(registry: Registry, volume: VolumeRecord, sizeMb: number): Promise<void> {
  assertWithinLimits(registry.parts.quotas.limits, "volume_mb", sizeMb, "size_mb");
  const [mounting] = instancesMounting(registry, volume.uuid);
  if (mounting !== undefined) {
    throw new ApiItemError(
      "Attached",
      `Volume '${volume.name}' cannot grow while instance '${mounting.record.name}' uses it`,
    );
  }
  assertNotBusy(registry, volume);
  if (volume.quotaPolicy === "static") assertQuota(registry, { total_volume_mb: sizeMb - volume.sizeMb });
  if (volume.accessMode === "rwx") {
    updateVolume(registry, volume, { sizeMb }); // a folder has no file system of its own that would have to grow
    return;
  }
  updateVolume(registry, volume, { state: "busy", growsToMb: sizeMb });
  try {
    await registry.disks.run(volume.uuid, () => growDisk(volumeDiskPath(registry.parts.paths, volume.uuid), sizeMb));
  } catch (error) {
    if (!registry.isShutDown) updateVolumeBestEffort(registry, volume, { state: "available", growsToMb: undefined });
    throw error;
  }
  if (registry.isShutDown) throw new ApiItemError("FailedOperation", "The local platform is shutting down");
  updateVolumeBestEffort(registry, volume, { state: "available", sizeMb, growsToMb: undefined });
}
