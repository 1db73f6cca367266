/**
 * Recovery: before a daemon serves, it reconciles its database with the VMs and files that exist.
 *
 * Every intent is saved before it is carried out, and every result afterwards. Whatever a killed daemon left unfinished is
 * therefore found here: running VMs are adopted, exited ones are recorded with a stop reason, leftovers are removed.
 */
import type { Service } from "./services/service";
import { errorMessage } from "../base/errors";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { restoreAutoscale } from "./autoscale/configuration";
import type { Instance } from "./instances/instance";
import { restoreInstance } from "./instances/lifecycle/restore";
import type { Registry } from "./registry";
import { scheduleAutokill } from "./services/autokill";
import { publishPorts } from "./services/publish";
import { loadCertificates } from "./store/certificates";
import { loadImagePins } from "./store/imagePins";
import { onInstanceLeft } from "./services/membership";
import { loadInstances } from "./store/instanceQueries";
import { loadServices } from "./store/services";
import { deleteVolume, loadVolumes, type VolumeRecord } from "./store/volumes";
import { removeDisk, volumeDiskPath, waitUntilUnused } from "./volumes/disk";
import { updateVolumeBestEffort, removeOrphanedVolumes } from "./volumes/save";
import { toVmSpec } from "./instances/bootFiles";
import type { VmSpec } from "./vmm/vmm";

/** Loads the registry from the database and reconciles both with the VMs and files that exist. */
export async function reconcile(registry: Registry): Promise<void> {
  const { database, log, vmm, paths } = registry.parts;
  for (const volume of loadVolumes(database)) await restoreVolume(registry, volume);
  for (const certificate of loadCertificates(database)) registry.certificates.set(certificate.uuid, certificate);
  for (const pin of loadImagePins(database)) registry.imagePins.set(pin.uuid, pin);
  for (const record of loadServices(database)) registry.services.set(record.uuid, registry.newService(record));
  for (const record of loadInstances(database)) registry.addInstance(record);
  const specOf = ({ record }: Instance): VmSpec => toVmSpec(record, paths, registry.bootFiles);
  await Promise.all(
    [...registry.instances.values()].map(async (instance) => {
      try {
        await restoreInstance(instance, { vmm, log, specOf });
      } catch (error) {
        // One instance that cannot be restored must not keep the others from being served.
        log.write("instance.not-restored", { uuid: instance.record.uuid, reason: errorMessage(error) });
      }
    }),
  );
  // Ports are opened last, so that the first connection finds all instances restored.
  for (const service of [...registry.services.values()])
    await registry.serviceMutex.runExclusive(() => restoreService(registry, service));
  restoreAutoscale(registry);
  await removeLeftovers(registry).catch((error: unknown) => {
    log.write("leftovers.not-removed", { reason: errorMessage(error) });
  });
}

async function restoreVolume(registry: Registry, volume: VolumeRecord): Promise<void> {
  const { database, paths } = registry.parts;
  if (volume.state === "initializing") {
    // The disk is incomplete. A create has sent no response yet. A clone has: a client that waits for it gets `NotFound`.
    await removeDisk(volumeDiskPath(paths, volume.uuid));
    deleteVolume(database, volume.uuid);
    return;
  }
  registry.volumes.set(volume.uuid, volume);
  if (volume.state === "busy") void finishGrowth(registry, volume);
}

/** Ends an interrupted resize. The volume keeps its old size, and the resize can be repeated. */
async function finishGrowth(registry: Registry, volume: VolumeRecord): Promise<void> {
  const { paths } = registry.parts;
  await registry.disks.run(volume.uuid, () => waitUntilUnused(volumeDiskPath(paths, volume.uuid)));
  if (registry.isShutDown) return;
  updateVolumeBestEffort(registry, volume, { state: "available", growsToMb: undefined });
}

/**
 * Opens the ports of a service group, unless it was deleted with its last instance meanwhile. The caller holds
 * `serviceMutex`.
 */
async function restoreService(registry: Registry, service: Service): Promise<void> {
  const { uuid } = service.record;
  if (registry.services.get(uuid) !== service) return;
  try {
    await publishPorts(registry, service, service.record);
  } catch (error) {
    // Another program uses the port. The service group stays without open ports until its ports are changed.
    registry.parts.log.write("service.not-published", { uuid, reason: errorMessage(error) });
  }
  scheduleAutokill(registry, service);
}

/** Removes inline service groups and volumes without an instance, and files without a database record. */
async function removeLeftovers(registry: Registry): Promise<void> {
  const { paths, vmm } = registry.parts;
  for (const { record } of [...registry.services.values()]) {
    if (!record.persistent) await onInstanceLeft(registry, record.uuid);
  }
  await removeOrphanedVolumes(registry, [...registry.volumes.values()]);
  for (const uuid of await fs.readdir(paths.instancesDir).catch(() => [])) {
    if (registry.instances.has(uuid)) continue;
    await vmm.removeFiles(uuid);
    await fs.rm(path.join(paths.instancesDir, uuid), { recursive: true, force: true });
  }
  for (const file of await fs.readdir(paths.volumesDir).catch(() => [])) {
    if (!registry.volumes.has(path.parse(file).name))
      await fs.rm(path.join(paths.volumesDir, file), { recursive: true, force: true });
  }
  await registry.removeUnusedFiles();
}
