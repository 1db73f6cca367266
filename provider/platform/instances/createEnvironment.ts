/** Connects instances to the platform: database, quotas, services and volumes. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { errorMessage } from "../../base/errors";
import type { LocalPaths } from "../../base/localPaths";
import { assertLiveQuota } from "../quota/quota";
import type { Registry } from "../registry";
import { onInstanceLeft } from "../services/membership";
import { destinationPorts } from "../services/service";
import {
  deleteInstance,
  detachFromService,
  updateAttachments,
  updateInstanceDefinition,
  updateInstanceStatus,
} from "../store/instanceQueries";
import type { InstanceRecord } from "../store/instances";
import { removeInlineVolumes } from "../volumes/save";
import { toVmSpec } from "./bootFiles";
import { startDependencies } from "./dependencies";
import { takeAddresses } from "./takeOver";
import { isTemplateOrCheckpoint } from "./update/templates";
import type { InstanceEnvironment } from "./environment";

/** Folder of the snapshot that belongs to this instance, template or checkpoint. */
export const snapshotFolderOf = ({ instancesDir }: Pick<LocalPaths, "instancesDir">, uuid: string): string =>
  path.join(instancesDir, uuid, "snapshot");

/** Creates the environment that all instances of a registry share. */
export function createInstanceEnvironment(registry: Registry): InstanceEnvironment {
  const { database, paths, vmm, timings, log, quotas, strict2026 } = registry.parts;
  const notifyChange = (): void => queueMicrotask(() => registry.changes.notify());
  return {
    vmm,
    network: registry.network,
    timings,
    log,
    queuesUpdates: !strict2026,
    vmSpec: (record) => toVmSpec(record, paths, registry.bootFiles),
    snapshotFolder: (uuid) => snapshotFolderOf(paths, uuid),
    releaseSnapshot: async (uuid) => {
      const isNeeded = [...registry.instances.values()].some(
        ({ record, state }) =>
          record.status.memoryFrom === uuid || (record.uuid === uuid && isTemplateOrCheckpoint(state)),
      );
      if (!isNeeded) await fs.rm(snapshotFolderOf(paths, uuid), { recursive: true, force: true });
    },
    patchContext: ({ serviceUuid }) => ({ limits: quotas.limits, hasService: serviceUuid !== undefined }),
    waitUntilDisksFree: ({ volumes }) => registry.disks.waitFor(volumes.map((one) => one.volumeUuid)),
    assertLiveQuota: (record) => assertLiveQuota(registry, record),
    startDependencies: (record, signal) => startDependencies(registry, record, signal),
    notifyChange,
    saveStatus: (uuid, status) => updateInstanceStatus(database, uuid, status),
    saveDefinition: (...changed) => {
      updateInstanceDefinition(database, ...changed);
      void registry.removeUnusedFiles().catch(() => undefined); // the next removal retries
    },
    takeAddresses: (after) => takeAddresses(registry, after),
    saveWithoutService: (uuid, status) => detachFromService(database, uuid, status),
    onServiceLeft: (serviceUuid) => {
      onInstanceLeft(registry, serviceUuid).catch((error: unknown) => {
        const reason = errorMessage(error);
        log.write("service.not-updated", { uuid: serviceUuid, reason });
      });
    },
    saveVolumes: (uuid, volumes, status) => updateAttachments(database, uuid, volumes, status),
    serviceOf: (record) => {
      const service = registry.serviceOf(record);
      return service && { rotation: service.proxy.rotation, destinationPorts: destinationPorts(service.record) };
    },
    removeInstance: (record) => removeInstance(registry, record),
  };
}

/**
 * Removes an instance without a VM: its files, its row, and the service group and volumes that were created with it.
 */
async function removeInstance(registry: Registry, record: InstanceRecord): Promise<void> {
  const { uuid, serviceUuid, volumes } = record;
  await registry.parts.vmm.removeFiles(uuid);
  await fs.rm(path.join(registry.parts.paths.instancesDir, uuid), { recursive: true, force: true });
  deleteInstance(registry.parts.database, uuid);
  registry.instances.delete(uuid);
  registry.network.remove(uuid);
  registry.changes.notify();
  // The instance is deleted even if the following steps fail; the next daemon removes leftovers.
  const logLeftover = (error: unknown): void => {
    const reason = errorMessage(error);
    registry.parts.log.write("instance.leftovers", { uuid, reason });
  };
  if (serviceUuid !== undefined) await onInstanceLeft(registry, serviceUuid).catch(logLeftover);
  await removeInlineVolumes(registry, volumes).catch(logLeftover);
  await registry.removeUnusedFiles().catch(logLeftover);
  registry.changes.notify();
}
