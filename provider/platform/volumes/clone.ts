/** Clones a volume. */
import { errorMessage } from "../../base/errors";
import type { CreateVolumeRequest } from "../../contract/models";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { VolumeRecord } from "../store/volumes";
import { reserveVolume } from "./create";
import { copyDisk, volumeDiskPath } from "./disk";
import { instancesMounting, isReadOnlyAttachment } from "./preconditions";
import { resolveVolumeOptions } from "./rules";
import { updateVolume, updateVolumeBestEffort } from "./save";
import { allocatedMb } from "./usage";

/**
 * Options of a clone. Those that are undefined come from its source, except the name (generated) and the tags (none).
 */
export type CloneVolumeOptions = Pick<CreateVolumeRequest, "quota_policy" | "tags" | "access_mode"> & {
  /** Name of the clone. */
  readonly vol_name?: string | undefined;
};

/**
 * Starts cloning a volume. The clone is `initializing` while its disk is copied, then `available`, or `error` if that
 * fails.
 *
 * Throws `ApiItemError`: `CannotBeUsed` for a template, `Attached` while an instance may write to the source,
 * `FailedOperation` when the source is not available, and the errors of `reserveVolume` and `resolveVolumeOptions`.
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
      `Volume '${name}' cannot be cloned while instance '${writer.record.name}' can write to it`,
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
    if (registry.isShutDown) return; // the next daemon deletes the partial volume
    updateVolume(registry, clone, { state: "available" });
    log.write("volume.cloned", facts);
  } catch (error) {
    if (registry.isShutDown) return;
    log.write("volume.not-cloned", { ...facts, reason: errorMessage(error) });
    // Also when the disk is complete but the database write failed: the next daemon would delete it as partial.
    updateVolumeBestEffort(registry, clone, { state: "error" });
  }
}
