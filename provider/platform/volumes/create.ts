/** From a create request to a volume with a disk. */
import { findBySelector } from "../lookup";
import { assertWithinLimits } from "../quota/quotaLimits";
import * as crypto from "node:crypto";
import type { CreateVolumeRequest, NameOrUuid } from "../../contract/models";

import { volumeDiskPath } from "./diskPath";
import { uniqueName } from "../objectNames";
import type { Registry } from "../registry";
import { assertQuota } from "../quota/quota";
import { ApiItemError } from "../errors";
import type { VolumeOptions, VolumeRecord } from "../store/volumes";
import { copyDisk } from "./copyDisk";
import { makeDisk } from "./disk";
import { updateVolume, persistVolume, updateVolumeBestEffort, removeVolume } from "./save";
import { resolveVolumeOptions } from "./options";
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
  registry: Registry,
  body: CreateVolumeRequest,
  { persistent }: { readonly persistent: boolean },
): Promise<VolumeRecord> {
  const { paths, log } = registry.parts;
  const options = resolveVolumeOptions(body);
  const template = body.template === undefined ? undefined : resolveTemplate(registry, body.template);
  const sizeMb = template?.sizeMb ?? body.size_mb;
  if (template !== undefined && body.size_mb !== undefined)
    throw new ApiItemError(
      "NotBoth",
      "Either 'size_mb' or 'template' can be given: a volume has the size of its template",
    );
  if (sizeMb === undefined) throw new ApiItemError("Invalid", "'size_mb' is missing in volume creation arguments");
  const volume = reserveVolume(registry, {
    name: body.name,
    sizeMb,
    quotaUsageMb: options.quotaPolicy === "static" ? sizeMb : template ? allocatedMb(paths, template.uuid) : 0,
    options: { ...options, persistent, deleteLock: false },
  });
  const file = volumeDiskPath(paths, volume.uuid);
  try {
    if (template === undefined) await makeDisk(file, sizeMb);
    else {
      const source = volumeDiskPath(paths, template.uuid);
      await registry.disks.run(template.uuid, () => copyDisk(source, file, registry.shutdownSignal));
    }
    if (registry.isShutDown) throw new ApiItemError("FailedOperation", "The platform is going down");
    const made = updateVolume(registry, volume, { state: "available" });
    log.write("volume.created", { uuid: volume.uuid, name: volume.name, size_mb: sizeMb });
    return made;
  } catch (error) {
    if (!registry.isShutDown) await discardVolume(registry, volume);
    throw error;
  }
}

/** Removes what could not be made; what cannot be removed either is there to be deleted. */
async function discardVolume(registry: Registry, volume: VolumeRecord): Promise<void> {
  try {
    await removeVolume(registry, volume);
  } catch {
    updateVolumeBestEffort(registry, volume, { state: "error" });
  }
}

/** What a new volume is begun with. */
interface VolumeReservation {
  /** Made up when undefined. */
  readonly name: string | undefined;
  readonly sizeMb: number;
  /** MiB that it takes of the quota. */
  readonly quotaUsageMb: number;
  readonly options: VolumeOptions;
}

/**
 * Takes name and quota for a volume whose disk is still to be made, without a pause between looking and taking.
 * Throws refusals `AlreadyExists`, `Invalid`, `Quota`.
 */
export function reserveVolume(registry: Registry, wanted: VolumeReservation): VolumeRecord {
  const taken = (name: string): boolean => [...registry.volumes.values()].some((volume) => volume.name === name);
  const name = wanted.name ?? uniqueName("vol", taken);
  if (name.includes("/")) throw new ApiItemError("Invalid", `'${name}' is not a name: it contains '/'`);
  if (taken(name)) throw new ApiItemError("AlreadyExists", `A volume with the name '${name}' already exists`);
  assertWithinLimits(registry.parts.quotas.limits, "volume_mb", wanted.sizeMb, "size_mb");
  assertQuota(registry, { volumes: 1, total_volume_mb: wanted.quotaUsageMb });
  return persistVolume(registry, {
    uuid: crypto.randomUUID(),
    name,
    createdAt: Date.now(),
    sizeMb: wanted.sizeMb,
    state: "initializing",
    ...wanted.options,
  });
}

function resolveTemplate(registry: Registry, selector: NameOrUuid): VolumeRecord {
  const found = findBySelector(registry.volumes.values(), (one) => one, "volume template", selector);
  if (found.state === "template") return found;
  throw new ApiItemError("CannotBeUsed", `Volume '${found.name}' is no template; convert or clone it`);
}
