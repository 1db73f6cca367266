/** May an instance have this volume, and where? */
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { VolumeAttachment } from "../store/instances";
import type { VolumeRecord } from "../store/volumes";
import { assertMountPath } from "./mountPath";

/** Where a volume shall be inside an instance. */
export interface AttachmentRequest {
  readonly at: string;
  readonly readonly?: boolean | undefined;
}

/**
 * The attachment, if nothing is in its way. A volume has one writer alone, or any number of readers, in every access
 * mode that a disk can have.
 *
 * @param present what the instance has already
 *
 * Throws refusals: `Invalid` for a place that is none or is taken, `CannotBeUsed` for a template and a volume that is
 * not ready, `Attached` when somebody else has the volume.
 */
export function resolveAttachment(
  registry: Registry,
  volume: VolumeRecord,
  { at, readonly = false }: AttachmentRequest,
  present: readonly VolumeAttachment[],
): VolumeAttachment {
  const { uuid, name, state } = volume;
  assertMountPath(at);
  if (state === "template") {
    throw new ApiItemError("CannotBeUsed", `Volume '${name}' is a template; make a volume from it and attach that`);
  }
  if (present.some((one) => one.volumeUuid === uuid))
    throw new ApiItemError("Attached", `The instance already has volume '${name}'`);
  if (present.some((one) => one.at === at)) throw new ApiItemError("Invalid", `Two volumes cannot both be at '${at}'`);
  for (const { record } of registry.instancesUsingVolume(uuid)) {
    const theirs = record.volumes.find((one) => one.volumeUuid === uuid);
    if (readonly && theirs?.readonly === true) continue;
    throw new ApiItemError("Attached", `Volume '${name}' is attached to instance '${record.name}'`);
  }
  if (state !== "available") throw new ApiItemError("CannotBeUsed", `Volume '${name}' is ${state}`);
  return { volumeUuid: uuid, at, readonly };
}
