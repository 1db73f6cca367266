/** A volume like another one. */
import type { CreateVolumeRequest } from "../../contract/models";
import { volumeFile } from "./file";
import type { Platform } from "../registry";
import { Refusal } from "../errors";
import type { VolumeRecord } from "../store/volumes";
import { copyDisk } from "./copyDisk";
import { beginVolume } from "./create";
import { changeVolume, noteVolume } from "./save";
import { requestedOptions } from "./options";
import { allocatedMb } from "./usage";
import { mountersOf, readsOnly } from "./mountedBy";

/** What may differ from the source. */
export type CloneRequest = Pick<CreateVolumeRequest, "quota_policy" | "tags" | "access_mode"> & {
  readonly vol_name?: string | undefined;
};

/**
 * Begins a clone, which is `initializing` until its disk is copied; `error` when that failed. Quota policy and access
 * mode are the source's unless the request says otherwise; tags are not inherited.
 *
 * Throws refusals: `CannotBeUsed` for a template, `Attached` while an instance may write to the source,
 * `FailedOperation` when the source is not ready, and those of `beginVolume` and `requestedOptions`.
 */
export function cloneVolume(platform: Platform, source: VolumeRecord, request: CloneRequest): VolumeRecord {
  const { paths } = platform.parts;
  const { uuid, name, sizeMb } = source;
  if (source.state === "template") {
    throw new Refusal("CannotBeUsed", `Volume '${name}' is a template; create a volume with it as 'template'`);
  }
  const writer = mountersOf(platform, uuid).find((actor) => !readsOnly(actor, uuid));
  if (writer !== undefined) {
    throw new Refusal(
      "Attached",
      `Volume '${name}' cannot be copied while it is written to; stop instance '${writer.record.name}' first`,
    );
  }
  if (source.state !== "available") throw new Refusal("FailedOperation", `Volume '${name}' is ${source.state}`);
  const options = requestedOptions(request, source);
  const clone = beginVolume(platform, {
    name: request.vol_name,
    sizeMb,
    countedMb: options.quotaPolicy === "static" ? sizeMb : allocatedMb(paths, uuid),
    options: { ...options, persistent: true, deleteLock: false },
  });
  void populate(platform, source, clone);
  return clone;
}

async function populate(platform: Platform, source: VolumeRecord, clone: VolumeRecord): Promise<void> {
  const { paths, log } = platform.parts;
  const [from, to] = [volumeFile(paths, source.uuid), volumeFile(paths, clone.uuid)];
  const facts = { uuid: clone.uuid, from: source.uuid };
  try {
    await platform.disks.on(source.uuid, () => copyDisk(from, to, platform.released));
    if (platform.isReleased) return; // the next daemon finds half a volume and removes it
    changeVolume(platform, clone, { state: "available" });
    log.write("volume.cloned", facts);
  } catch (error) {
    if (platform.isReleased) return;
    log.write("volume.not-cloned", { ...facts, reason: error instanceof Error ? error.message : String(error) });
    // Also what is whole but not written to be: the next daemon would take it for half a disk and remove it.
    noteVolume(platform, clone, { state: "error" });
  }
}
