/** Creates a volume and its disk. */
import * as crypto from "node:crypto";
import type { CreateVolumeRequest, NameOrUuid } from "../../contract/models";
import { findBySelector } from "../lookup";
import { assertNameAvailable, uniqueName } from "../objectNames";
import type { Registry } from "../registry";
import { assertQuota } from "../quota/quota";
import { assertWithinLimits } from "../quota/quotaLimits";
import { ApiItemError } from "../errors";
import type { VolumeOptions, VolumeRecord } from "../store/volumes";
import { copyDisk, makeDisk, makeFolder, volumeDiskPath } from "./disk";
import { resolveVolumeOptions } from "./rules";
import { persistVolume, removeVolume, updateVolume, updateVolumeBestEffort } from "./save";
import { allocatedMb } from "./usage";

/**
 * Creates a volume, empty or from a template, and resolves when it is `available`. A failure leaves nothing behind, except a
 * volume in state `error` if the database cannot be written.
 *
 * @param persistent false for a volume that is deleted with the last instance it is attached to
 *
 * Throws `ApiItemError`: `AlreadyExists`, `Invalid`, `NotBoth`, `NotFound`, `CannotBeUsed`, `NotAllowed`,
 * `NotSupported`, `Quota`, `FailedOperation`; and the errors of `makeDisk`, `makeFolder` and `copyDisk`.
 */
export async function createVolume(
  registry: Registry,
  body: CreateVolumeRequest,
  { persistent }: { readonly persistent: boolean },
): Promise<VolumeRecord> {
  const { paths, log } = registry.parts;
  const template = body.template === undefined ? undefined : resolveTemplate(registry, body.template);
  const options = resolveVolumeOptions(body, {
    quotaPolicy: "static",
    accessMode: template?.accessMode === "rwx" ? "rwx" : "rwo",
  });
  const sizeMb = template?.sizeMb ?? body.size_mb;
  if (template !== undefined && body.size_mb !== undefined)
    throw new ApiItemError(
      "NotBoth",
      "Give either 'size_mb' or 'template', not both: a volume has the size of its template",
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
    if (template === undefined) await (options.accessMode === "rwx" ? makeFolder(file) : makeDisk(file, sizeMb));
    else {
      const source = volumeDiskPath(paths, template.uuid);
      await registry.disks.run(template.uuid, () => copyDisk(source, file, registry.shutdownSignal));
    }
    if (registry.isShutDown) throw new ApiItemError("FailedOperation", "The local platform is shutting down");
    const created = updateVolume(registry, volume, { state: "available" });
    log.write("volume.created", { uuid: volume.uuid, name: volume.name, size_mb: sizeMb });
    return created;
  } catch (error) {
    if (!registry.isShutDown) await discardVolume(registry, volume);
    throw error;
  }
}

/** Deletes a volume that could not be created. If that fails too, it stays as `error` and the user can delete it. */
async function discardVolume(registry: Registry, volume: VolumeRecord): Promise<void> {
  try {
    await removeVolume(registry, volume);
  } catch {
    updateVolumeBestEffort(registry, volume, { state: "error" });
  }
}

/** What a new volume starts with. */
interface VolumeReservation {
  /** Generated when undefined. */
  readonly name: string | undefined;
  readonly sizeMb: number;
  /** MiB of quota that it uses. */
  readonly quotaUsageMb: number;
  readonly options: VolumeOptions;
}

/**
 * Records a volume whose disk does not exist yet, which reserves its name and quota. Synchronous: no other request can take
 * them between the check and the record.
 *
 * Throws `ApiItemError`: `AlreadyExists`, `Invalid`, `Quota`.
 */
export function reserveVolume(registry: Registry, reservation: VolumeReservation): VolumeRecord {
  const isTaken = (name: string): boolean => [...registry.volumes.values()].some((volume) => volume.name === name);
  const name = reservation.name ?? uniqueName("vol", isTaken);
  assertNameAvailable("volume", name, isTaken);
  assertWithinLimits(registry.parts.quotas.limits, "volume_mb", reservation.sizeMb, "size_mb");
  assertQuota(registry, { volumes: 1, total_volume_mb: reservation.quotaUsageMb });
  return persistVolume(registry, {
    uuid: crypto.randomUUID(),
    name,
    createdAt: registry.parts.clock.now(),
    sizeMb: reservation.sizeMb,
    state: "initializing",
    ...reservation.options,
  });
}

function resolveTemplate(registry: Registry, selector: NameOrUuid): VolumeRecord {
  const found = findBySelector(registry.volumes.values(), (one) => one, "volume template", selector);
  if (found.state === "template") return found;
  throw new ApiItemError("CannotBeUsed", `Volume '${found.name}' is not a template; convert it, or clone it`);
}
