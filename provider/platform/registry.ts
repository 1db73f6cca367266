/** Everything one daemon knows, in one object that handlers and actors share. */
import { errorMessage } from "../base/errors";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Clock } from "../base/clock";
import type { LocalPaths } from "../base/localPaths";
import type { Layout } from "../image/oci/layout";
import type { Autoscaler } from "./autoscale/autoscaler";
import { InstanceActor } from "./instances/actor";
import { BootFiles, toVmSpec } from "./instances/bootFiles";
import { startDependencies } from "./instances/dependencies";
import { ChangeNotifier } from "./instances/statusChanges";
import type { InstanceEnvironment } from "./instances/environment";
import type { Log } from "./log";
import { ServiceProxy } from "./proxy/serviceProxy";
import { assertLiveQuota } from "./quota";
import type { Quotas } from "./quotaSettings";
import { onInstanceLeft } from "./services/membership";
import type { CertificateRecord } from "./store/certificates";
import type { Database } from "./store/database";
import {
  deleteInstance,
  type InstanceRecord,
  updateAttachments,
  updateInstanceDefinition,
  updateInstanceStatus,
  detachFromService,
} from "./store/instances";
import type { ServiceRecord } from "./store/services";
import type { VolumeRecord } from "./store/volumes";
import type { Timings } from "./timings";
import { Mutex } from "../base/mutex";
import type { Vmm } from "./vmm/vmm";
import { DiskJobs } from "./volumes/diskJobs";
import { removeInlineVolumes } from "./volumes/save";

/** What a platform is made of. */
export interface RegistryParts {
  readonly paths: LocalPaths;
  readonly database: Database;
  readonly vmm: Vmm;
  readonly images: Pick<Layout, "resolve" | "list">;
  readonly timings: Timings;
  readonly quotas: Quotas;
  /** Behaves like the nodes that the cloud runs today, which are older than its documentation; see `http/strict2026.ts`. */
  readonly strict2026: boolean;
  readonly log: Log;
  /** Of schedules and autokill. */
  readonly clock: Clock;
}

/** A service group and its proxy. */
export interface Service {
  record: ServiceRecord;
  readonly proxy: ServiceProxy;
  /** Aborted when its end is not to be waited for any more. */
  autokillAbort?: AbortController;
  /** While it has an autoscale configuration. */
  scaler?: Autoscaler;
}

/** A running platform. Maps are by uuid, in the order of creation. */
export class Registry {
  readonly parts: RegistryParts;
  readonly changes = new ChangeNotifier();
  readonly bootFiles: BootFiles;
  readonly instances = new Map<string, InstanceActor>();
  readonly services = new Map<string, Service>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly certificates = new Map<string, CertificateRecord>();
  /** Templates that are being made, by their name. */
  readonly pendingTemplates = new Map<string, Promise<InstanceActor>>();
  /** Names and ports that a create or change under way has taken, as `instance:<name>` or `port:<number>`. */
  readonly reservedKeys = new Set<string>();
  /** Changes of service groups wait for each other: each checks what the one before has taken. */
  readonly serviceMutex = new Mutex();
  readonly disks = new DiskJobs();
  readonly #shutdown = new AbortController();

  constructor(parts: RegistryParts) {
    this.parts = parts;
    this.bootFiles = new BootFiles(parts.paths.bootDir);
  }

  /** True once it has let go of everything; nothing may be written any more. */
  get isShutDown(): boolean {
    return this.#shutdown.signal.aborted;
  }

  /** Aborts when it lets go of everything. */
  get shutdownSignal(): AbortSignal {
    return this.#shutdown.signal;
  }

  /** True when nothing exists that a user made. */
  get isEmpty(): boolean {
    const { instances, services, volumes, certificates, reservedKeys } = this;
    return instances.size + services.size + volumes.size + certificates.size + reservedKeys.size === 0;
  }

  /** Adds an instance that is in the database. */
  addInstance(record: InstanceRecord): InstanceActor {
    const actor = new InstanceActor(record, this.#instanceEnvironment());
    this.instances.set(record.uuid, actor);
    queueMicrotask(() => this.changes.notify());
    return actor;
  }

  /** A service group that nobody knows yet and whose ports are closed. */
  newService(record: ServiceRecord): Service {
    const events = {
      onWakeNeeded: (uuid: string) =>
        void this.instances
          .get(uuid)
          ?.request("wake")
          .catch(() => undefined), // the actor has logged it
      onRequest: (uuid: string) => this.instances.get(uuid)?.countRequest(),
      onConnectionCount: (uuid: string, count: number) => this.instances.get(uuid)?.connectionsChanged(count),
    };
    return { record, proxy: new ServiceProxy(record, events, this.parts.timings) };
  }

  /** Instances that name this volume. */
  instancesUsingVolume(volumeUuid: string): readonly InstanceActor[] {
    return [...this.instances.values()].filter((actor) =>
      actor.record.volumes.some((one) => one.volumeUuid === volumeUuid),
    );
  }

  /** Instances of a service group. */
  instancesOfService(serviceUuid: string): readonly InstanceActor[] {
    return [...this.instances.values()].filter((actor) => actor.record.serviceUuid === serviceUuid);
  }

  /** Holds names and ports while `work` runs, so that two requests at once cannot both take one. */
  async withReserved<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const key of keys) this.reservedKeys.add(key);
    try {
      return await work();
    } finally {
      for (const key of keys) this.reservedKeys.delete(key);
    }
  }

  /** Removes kernels and initrds that no instance boots from any more. */
  removeUnusedBootFiles(): Promise<void> {
    return this.bootFiles.removeUnused(() => [...this.instances.values()].map((actor) => actor.record));
  }

  /** Closes the ports and lets go of the VMs, which run on. */
  shutDown(): void {
    this.#shutdown.abort();
    for (const service of this.services.values()) {
      service.autokillAbort?.abort();
      service.proxy.close();
    }
    for (const actor of this.instances.values()) actor.close();
  }

  #instanceEnvironment(): InstanceEnvironment {
    const { database, paths, vmm, timings, log, quotas, strict2026 } = this.parts;
    const notifyChange = (): void => queueMicrotask(() => this.changes.notify());
    return {
      vmm,
      timings,
      log,
      queuesUpdates: !strict2026,
      vmSpec: (record) => toVmSpec(record, paths, this.bootFiles),
      patchContext: ({ serviceUuid }) => ({ limits: quotas.limits, hasService: serviceUuid !== undefined }),
      waitUntilDisksFree: ({ volumes }) => this.disks.waitFor(volumes.map((one) => one.volumeUuid)),
      assertLiveQuota: (record) => assertLiveQuota(this, record),
      startDependencies: (record, signal) => startDependencies(this, record, signal),
      notifyChange,
      saveStatus: (uuid, status) => updateInstanceStatus(database, uuid, status),
      saveDefinition: (...changed) => {
        updateInstanceDefinition(database, ...changed);
        void this.removeUnusedBootFiles().catch(() => undefined); // what is left over goes with the next removal
      },
      saveWithoutService: (uuid, status) => detachFromService(database, uuid, status),
      onServiceLeft: (serviceUuid) => {
        onInstanceLeft(this, serviceUuid).catch((error: unknown) => {
          const reason = errorMessage(error);
          log.write("service.not-left", { uuid: serviceUuid, reason });
        });
      },
      saveVolumes: (uuid, volumes, status) => updateAttachments(database, uuid, volumes, status),
      serviceOf: ({ serviceUuid }) => {
        const service = serviceUuid === undefined ? undefined : this.services.get(serviceUuid);
        return service && { rotation: service.proxy.rotation, destinationPorts: destinationPorts(service.record) };
      },
      removeInstance: (record) => this.#removeInstance(record),
    };
  }

  async #removeInstance({ uuid, serviceUuid, volumes }: InstanceRecord): Promise<void> {
    await this.parts.vmm.removeFiles(uuid);
    await fs.rm(path.join(this.parts.paths.instancesDir, uuid), { recursive: true, force: true });
    deleteInstance(this.parts.database, uuid);
    this.instances.delete(uuid);
    this.changes.notify();
    // It is gone, whatever becomes of what goes with it; the next daemon removes what is left.
    const left = (error: unknown): void => {
      const reason = errorMessage(error);
      this.parts.log.write("instance.leftovers", { uuid, reason });
    };
    if (serviceUuid !== undefined) await onInstanceLeft(this, serviceUuid).catch(left);
    await removeInlineVolumes(this, volumes).catch(left);
    await this.removeUnusedBootFiles().catch(left);
    this.changes.notify();
  }
}

/** Ports inside the instances that a service leads to, each once; a redirect leads to none. */
export const destinationPorts = ({ ports }: ServiceRecord): readonly number[] => [
  ...new Set(ports.filter(({ handlers }) => !handlers.includes("redirect")).map((port) => port.destinationPort)),
];
