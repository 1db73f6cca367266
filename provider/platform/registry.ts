/** What the daemon knows, in memory: every object by uuid, and what is being made or changed. It decides nothing. */
import type { Clock } from "../base/clock";
import type { LocalPaths } from "../base/localPaths";
import { Mutex } from "../base/mutex";
import type { Layout } from "../image/oci/layout";
import { BootFiles } from "./instances/bootFiles";
import type { Instance } from "./instances/instance";
import { ChangeNotifier } from "./instances/statusChanges";
import type { Log } from "./log";
import { ServiceProxy } from "./proxy/serviceProxy";
import type { Quotas } from "./quota/quotaSettings";
import type { Service } from "./services/service";
import type { CertificateRecord } from "./store/certificates";
import type { Database } from "./store/database";
import type { InstanceRecord } from "./store/instances";
import type { ServiceRecord } from "./store/services";
import type { VolumeRecord } from "./store/volumes";
import type { Timings } from "./timings";
import type { Vmm } from "./vmm/vmm";
import { DiskJobs } from "./volumes/diskJobs";

/** What a registry is made of. */
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
  /** Makes an instance of a row in the database. */
  readonly createInstance: (record: InstanceRecord, registry: Registry) => Instance;
}

/** A running platform. Maps are by uuid, in the order of creation. */
export class Registry {
  readonly parts: RegistryParts;
  readonly changes = new ChangeNotifier();
  readonly bootFiles: BootFiles;
  readonly instances = new Map<string, Instance>();
  readonly services = new Map<string, Service>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly certificates = new Map<string, CertificateRecord>();
  /** Templates that are being made, by their name. */
  readonly pendingTemplates = new Map<string, Promise<Instance>>();
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
  addInstance(record: InstanceRecord): Instance {
    const instance = this.parts.createInstance(record, this);
    this.instances.set(record.uuid, instance);
    queueMicrotask(() => this.changes.notify());
    return instance;
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
  instancesUsingVolume(volumeUuid: string): readonly Instance[] {
    return [...this.instances.values()].filter((instance) =>
      instance.record.volumes.some((one) => one.volumeUuid === volumeUuid),
    );
  }

  /** Instances of a service group. */
  instancesOfService(serviceUuid: string): readonly Instance[] {
    return [...this.instances.values()].filter((instance) => instance.record.serviceUuid === serviceUuid);
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
    return this.bootFiles.removeUnused(() => [...this.instances.values()].map((instance) => instance.record));
  }

  /** Closes the ports and lets go of the VMs, which run on. */
  shutDown(): void {
    this.#shutdown.abort();
    for (const service of this.services.values()) {
      service.autokillAbort?.abort();
      service.proxy.close();
    }
    for (const instance of this.instances.values()) instance.close();
  }
}
