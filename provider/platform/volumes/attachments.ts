/** May an instance have this volume, and where? */
import type { Platform } from "../registry";
import { Refusal } from "../errors";
import type { Attachment } from "../store/instances";
import type { VolumeRecord } from "../store/volumes";
import { checkPlace } from "./mountPath";

/** Where a volume shall be inside an instance. */
export interface WantedAttachment {
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
export function checkedAttachment(
  platform: Platform,
  volume: VolumeRecord,
  { at, readonly = false }: WantedAttachment,
  present: readonly Attachment[],
): Attachment {
  const { uuid, name, state } = volume;
  checkPlace(at);
  if (state === "template") {
    throw new Refusal("CannotBeUsed", `Volume '${name}' is a template; make a volume from it and attach that`);
  }
  if (present.some((one) => one.volumeUuid === uuid))
    throw new Refusal("Attached", `The instance already has volume '${name}'`);
  if (present.some((one) => one.at === at)) throw new Refusal("Invalid", `Two volumes cannot both be at '${at}'`);
  for (const { record } of platform.usersOf(uuid)) {
    const theirs = record.volumes.find((one) => one.volumeUuid === uuid);
    if (readonly && theirs?.readonly === true) continue;
    throw new Refusal("Attached", `Volume '${name}' is attached to instance '${record.name}'`);
  }
  if (state !== "available") throw new Refusal("CannotBeUsed", `Volume '${name}' is ${state}`);
  return { volumeUuid: uuid, at, readonly };
}
