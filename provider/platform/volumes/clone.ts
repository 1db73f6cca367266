/** A volume like another one. */
import { errorMessage } from "../../base/errors";
import type { CreateVolumeRequest } from "../../contract/models";
import { volumeDiskPath } from "./diskPath";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { VolumeRecord } from "../store/volumes";
import { copyDisk } from "./copyDisk";
import { reserveVolume } from "./create";
import { updateVolume, updateVolumeBestEffort } from "./save";
import { resolveVolumeOptions } from "./options";
import { allocatedMb } from "./usage";
import { instancesMounting, isReadOnlyAttachment } from "./mountedBy";

/** What may differ from the source. */
export type CloneVolumeOptions = Pick<CreateVolumeRequest, "quota_policy" | "tags" | "access_mode"> & {
  readonly vol_name?: string | undefined;
};

/**
 * Begins a clone, which is `initializing` until its disk is copied; `error` when that failed. Quota policy and access
 * mode are the source's unless the request says otherwise; tags are not inherited.
 *
 * Throws refusals: `CannotBeUsed` for a template, `Attached` while an instance may write to the source,
 * `FailedOperation` when the source is not ready, and those of `reserveVolume` and `resolveVolumeOptions`.
 */
export function cloneVolume(registry: Registry, source: VolumeRecord, request: CloneVolumeOptions): VolumeRecord {
  const { paths } = registry.parts;
  const { uuid, name, sizeMb } = source;
  if (source.state === "template") {
    throw new ApiItemError("CannotBeUsed", `Volume '${name}' is a template; create a volume with it as 'template'`);
  }
  const writer = instancesMounting(registry, uuid).find((instance) => !isReadOnlyAttachment(instance, uuid));
  if (writer !== undefined) {
    throw new ApiItemError(
      "Attached",
      `Volume '${name}' cannot be copied while it is written to; stop instance '${writer.record.name}' first`,
    );
  }
  if (source.state !== "available") throw new ApiItemError("FailedOperation", `Volume '${name}' is ${source.state}`);
  const options = resolveVolumeOptions(request, source);
  const clone = reserveVolume(registry, {
    name: request.vol_name,
    sizeMb,
    quotaUsageMb: options.quotaPolicy === "static" ? sizeMb : allocatedMb(paths, uuid),
    options: { ...options, persistent: true, deleteLock: false },
  });
  void copySourceDisk(registry, source, clone);
  return clone;
}

async function copySourceDisk(registry: Registry, source: VolumeRecord, clone: VolumeRecord): Promise<void> {
  const { paths, log } = registry.parts;
  const [from, to] = [volumeDiskPath(paths, source.uuid), volumeDiskPath(paths, clone.uuid)];
  const facts = { uuid: clone.uuid, from: source.uuid };
  try {
    await registry.disks.run(source.uuid, () => copyDisk(from, to, registry.shutdownSignal));
    if (registry.isShutDown) return; // the next daemon finds half a volume and removes it
    updateVolume(registry, clone, { state: "available" });
    log.write("volume.cloned", facts);
  } catch (error) {
    if (registry.isShutDown) return;
    log.write("volume.not-cloned", { ...facts, reason: errorMessage(error) });
    // Also what is whole but not written to be: the next daemon would take it for half a disk and remove it.
    updateVolumeBestEffort(registry, clone, { state: "error" });
  }
}
