/**
 * What a daemon does before it serves: compares its database with what really runs.
 *
 * An intent is in the database before it is acted on and the fact afterwards, so whatever a killed daemon left half
 * made is found here: running VMs are adopted, the dead are marked with a reason, leftovers are removed.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { resumeScaling } from "./autoscale/configuration";
import type { InstanceActor } from "./instances/actor";
import { neverRuns } from "./instances/update/templates";
import type { Platform, Service } from "./registry";
import { armAutokill } from "./services/autokill";
import { publishPorts } from "./services/publish";
import { loadCertificates } from "./store/certificates";
import { afterMemberLeft } from "./services/membership";
import { loadInstances } from "./store/instances";
import { loadServices } from "./store/services";
import { deleteVolume, loadVolumes, type VolumeRecord } from "./store/volumes";
import { untilUntouched } from "./volumes/disk";
import { volumeFile } from "./volumes/file";
import { noteVolume, removeUnowned } from "./volumes/save";
import { vmSpec } from "./instances/bootFiles";

/** Fills a platform from its database and makes both match reality. */
export async function reconcile(platform: Platform): Promise<void> {
  const { database, log } = platform.parts;
  for (const volume of loadVolumes(database)) await restoreVolume(platform, volume);
  for (const certificate of loadCertificates(database)) platform.certificates.set(certificate.uuid, certificate);
  for (const record of loadServices(database)) platform.services.set(record.uuid, platform.newService(record));
  for (const record of loadInstances(database)) platform.addInstance(record);
  await Promise.all(
    [...platform.instances.values()].map(async (actor) => {
      try {
        await restoreInstance(platform, actor);
      } catch (error) {
        // One that cannot be brought in order must not keep all others from being served.
        log.write("instance.not-restored", { uuid: actor.record.uuid, reason: reasonOf(error) });
      }
    }),
  );
  // Ports open last: the first connection then finds every instance in its place.
  for (const service of [...platform.services.values()])
    await platform.serviceTurn.take(() => restoreService(platform, service));
  resumeScaling(platform);
  await removeLeftovers(platform).catch((error: unknown) => {
    log.write("leftovers.not-removed", { reason: reasonOf(error) });
  });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function restoreVolume(platform: Platform, volume: VolumeRecord): Promise<void> {
  const { database, paths } = platform.parts;
  if (volume.state === "initializing") {
    // Half a disk. Its create was never answered; a clone's was, and whoever waits for it finds it gone.
    await fs.rm(volumeFile(paths, volume.uuid), { force: true });
    deleteVolume(database, volume.uuid);
    return;
  }
  platform.volumes.set(volume.uuid, volume);
  if (volume.state === "busy") void finishGrowth(platform, volume);
}

/** A growth that was cut off can be repeated; until then the old size counts. */
async function finishGrowth(platform: Platform, volume: VolumeRecord): Promise<void> {
  const { paths } = platform.parts;
  await platform.disks.on(volume.uuid, () => untilUntouched(volumeFile(paths, volume.uuid)));
  if (platform.isReleased) return;
  noteVolume(platform, volume, { state: "available", growsToMb: undefined });
}

async function restoreInstance(platform: Platform, actor: InstanceActor): Promise<void> {
  const { vmm, paths, log } = platform.parts;
  const { record } = actor;
  const { uuid, name, status } = record;
  const isUp = status.state !== "stopped" && !neverRuns(status.state);
  const mayRun = isUp || status.deleting || status.snapshotUuid !== undefined;
  const vm = mayRun ? await vmm.adopt(vmSpec(record, paths, platform.boot)) : undefined;
  if (vm !== undefined) {
    log.write("instance.adopted", { uuid, name, pid: vm.pid });
    actor.adopt(vm);
  }
  if (status.deleting) {
    void actor.request("delete").catch(() => undefined); // the actor has logged it; a guest may take its time to end
  } else if (vm === undefined) {
    const keptMemory = record.definition.scaleToZero?.stateful === true || status.snapshotUuid !== undefined;
    const slept = status.state === "standby" && !keptMemory;
    if (mayRun && !slept) actor.foundDead(await vmm.postMortem(uuid));
    else actor.resumeStopped();
  }
}

/** Opens its ports, in the turn of service groups: an instance that is being deleted may have taken it along before. */
async function restoreService(platform: Platform, service: Service): Promise<void> {
  const { uuid } = service.record;
  if (platform.services.get(uuid) !== service) return;
  try {
    await publishPorts(platform, service, service.record);
  } catch (error) {
    // Another program took the port meanwhile. The service stays, and a change of its ports can repair it.
    platform.parts.log.write("service.not-published", { uuid, reason: reasonOf(error) });
  }
  armAutokill(platform, service);
}

/** Service groups and volumes whose instance is gone, and files that belong to nothing in the database. */
async function removeLeftovers(platform: Platform): Promise<void> {
  const { paths, vmm } = platform.parts;
  for (const { record } of [...platform.services.values()]) {
    if (!record.persistent) await afterMemberLeft(platform, record.uuid);
  }
  await removeUnowned(platform, [...platform.volumes.values()]);
  for (const uuid of await fs.readdir(paths.instances).catch(() => [])) {
    if (platform.instances.has(uuid)) continue;
    await vmm.forget(uuid);
    await fs.rm(path.join(paths.instances, uuid), { recursive: true, force: true });
  }
  for (const file of await fs.readdir(paths.volumes).catch(() => [])) {
    if (!platform.volumes.has(path.basename(file, ".ext4")))
      await fs.rm(path.join(paths.volumes, file), { recursive: true, force: true });
  }
  await platform.keepBootFiles();
}
