/** From a create request to a volume with a disk. */
import * as crypto from "node:crypto";
import type { CreateVolumeRequest, NameOrUuid } from "../../contract/models";
import { find } from "../handlers/items";
import { volumeFile } from "./file";
import { uniqueName } from "../objectNames";
import type { Platform } from "../registry";
import { enforceLimit, enforceQuota } from "../quota";
import { Refusal } from "../errors";
import type { VolumeOptions, VolumeRecord } from "../store/volumes";
import { copyDisk } from "./copyDisk";
import { makeDisk } from "./disk";
import { changeVolume, keepVolume, noteVolume, removeVolume } from "./save";
import { requestedOptions } from "./options";
import { allocatedMb } from "./usage";

/**
 * Makes a volume, empty or as a copy of a template, and resolves when it is `available`. A failure leaves nothing behind, or an
 * `error` where the database cannot be written.
 *
 * @param persistent false for one that goes with the last instance that has it
 *
 * Throws refusals: `AlreadyExists`, `Invalid`, `NotBoth`, `NotFound`, `CannotBeUsed`, `NotAllowed`, `NotSupported`,
 * `Quota`; what making the disk throws (`NO_SPACE`, `OPERATION_FAILED`).
 */
export async function createVolume(
  platform: Platform,
  body: CreateVolumeRequest,
  { persistent }: { readonly persistent: boolean },
): Promise<VolumeRecord> {
  const { paths, log } = platform.parts;
  const options = requestedOptions(body);
  const template = body.template === undefined ? undefined : findTemplate(platform, body.template);
  const sizeMb = template?.sizeMb ?? body.size_mb;
  if (template !== undefined && body.size_mb !== undefined)
    throw new Refusal("NotBoth", "Either 'size_mb' or 'template' can be given: a volume has the size of its template");
  if (sizeMb === undefined) throw new Refusal("Invalid", "'size_mb' is missing in volume creation arguments");
  const volume = beginVolume(platform, {
    name: body.name,
    sizeMb,
    countedMb: options.quotaPolicy === "static" ? sizeMb : template ? allocatedMb(paths, template.uuid) : 0,
    options: { ...options, persistent, deleteLock: false },
  });
  const file = volumeFile(paths, volume.uuid);
  try {
    if (template === undefined) await makeDisk(file, sizeMb);
    else {
      const source = volumeFile(paths, template.uuid);
      await platform.disks.on(template.uuid, () => copyDisk(source, file, platform.released));
    }
    if (platform.isReleased) throw new Refusal("FailedOperation", "The platform is going down");
    const made = changeVolume(platform, volume, { state: "available" });
    log.write("volume.created", { uuid: volume.uuid, name: volume.name, size_mb: sizeMb });
    return made;
  } catch (error) {
    if (!platform.isReleased) await discard(platform, volume);
    throw error;
  }
}

/** Removes what could not be made; what cannot be removed either is there to be deleted. */
async function discard(platform: Platform, volume: VolumeRecord): Promise<void> {
  try {
    await removeVolume(platform, volume);
  } catch {
    noteVolume(platform, volume, { state: "error" });
  }
}

/** What a new volume is begun with. */
interface NewVolume {
  /** Made up when undefined. */
  readonly name: string | undefined;
  readonly sizeMb: number;
  /** MiB that it takes of the quota. */
  readonly countedMb: number;
  readonly options: VolumeOptions;
}

/**
 * Takes name and quota for a volume whose disk is still to be made, without a pause between looking and taking.
 * Throws refusals `AlreadyExists`, `Invalid`, `Quota`.
 */
export function beginVolume(platform: Platform, wanted: NewVolume): VolumeRecord {
  const taken = (name: string): boolean => [...platform.volumes.values()].some((volume) => volume.name === name);
  const name = wanted.name ?? uniqueName("vol", taken);
  if (name.includes("/")) throw new Refusal("Invalid", `'${name}' is not a name: it contains '/'`);
  if (taken(name)) throw new Refusal("AlreadyExists", `A volume with the name '${name}' already exists`);
  enforceLimit(platform, "volume_mb", wanted.sizeMb, "size_mb");
  enforceQuota(platform, { volumes: 1, total_volume_mb: wanted.countedMb });
  return keepVolume(platform, {
    uuid: crypto.randomUUID(),
    name,
    createdAt: Date.now(),
    sizeMb: wanted.sizeMb,
    state: "initializing",
    ...wanted.options,
  });
}

function findTemplate(platform: Platform, selector: NameOrUuid): VolumeRecord {
  const found = find(platform.volumes.values(), (one) => one, "volume template", selector);
  if (found.state === "template") return found;
  throw new Refusal("CannotBeUsed", `Volume '${found.name}' is no template; convert or clone it`);
}
