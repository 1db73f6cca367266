/** Copies files between volumes and folders of the host, while nothing else uses the volume. */
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import type { VolumeRecord } from "../../store/volumes";
import { shareFolderOf } from "../../vmm/vmm";
import { volumeDiskPath } from "../disk";
import { assertNotBusy, assertNotTemplate, instancesMounting, isReadOnlyAttachment } from "../preconditions";
import { type ExportResult, exportFiles } from "./exportFiles";
import { importFiles } from "./importFiles";

/** Throws `CannotBeUsed` for a volume whose data is in a folder, as Unikraft kernels have it. */
function assertHasFileSystem({ name }: VolumeRecord, disk: string): void {
  const folder = shareFolderOf(disk);
  if (!existsSync(folder)) return;
  throw new ApiItemError(
    "CannotBeUsed",
    `Volume '${name}' has the files of a Unikraft kernel in the folder '${folder}'; copy them there`,
  );
}

/**
 * Copies a folder to a volume that no instance has mounted.
 *
 * Throws `ApiItemError`: `CannotBeUsed` for a template and for the volume of a Unikraft kernel, `Attached` while an instance has it mounted, `FailedOperation` while it is busy; and
 * the errors of {@link importFiles}.
 */
export async function importToVolume(registry: Registry, volume: VolumeRecord, folder: string): Promise<ExportResult> {
  assertNotTemplate(volume);
  const [mounting] = instancesMounting(registry, volume.uuid);
  if (mounting !== undefined) throw inUse(volume, mounting.record.name, "files cannot be copied to it");
  assertNotBusy(registry, volume);
  const disk = volumeDiskPath(registry.parts.paths, volume.uuid);
  assertHasFileSystem(volume, disk);
  const { entries, skipped } = await registry.disks.run(volume.uuid, () =>
    importFiles(disk, folder, registry.shutdownSignal),
  );
  return { entries: entries.length, skipped };
}

/**
 * Copies the files of a volume to an empty folder. Instances may have it mounted read-only.
 *
 * Throws `ApiItemError`: `CannotBeUsed` for the volume of a Unikraft kernel, `Attached` while an instance can write to it, `FailedOperation` while it is busy, `Invalid` for a folder that is not
 * empty; and the errors of {@link exportFiles}.
 */
export async function exportFromVolume(
  registry: Registry,
  volume: VolumeRecord,
  folder: string,
): Promise<ExportResult> {
  const { uuid } = volume;
  const writer = instancesMounting(registry, uuid).find((instance) => !isReadOnlyAttachment(instance, uuid));
  if (writer !== undefined) throw inUse(volume, writer.record.name, "its files cannot be copied");
  assertNotBusy(registry, volume, ["available", "template"]);
  if ((await fs.readdir(folder)).length > 0) throw new ApiItemError("Invalid", `The folder '${folder}' is not empty`);
  const disk = volumeDiskPath(registry.parts.paths, uuid);
  assertHasFileSystem(volume, disk);
  return registry.disks.run(uuid, () => exportFiles(disk, folder, registry.shutdownSignal));
}

const inUse = ({ name }: VolumeRecord, instance: string, consequence: string): ApiItemError =>
  new ApiItemError("Attached", `Volume '${name}' is mounted by instance '${instance}': ${consequence}`);
