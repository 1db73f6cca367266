/**
 * The in-memory state of the daemon: every object by uuid, and reservations of operations in progress. No decisions.
 */
import type { Clock } from "../base/clock";
import type { LocalPaths } from "../base/localPaths";
import { Mutex } from "../base/mutex";
import type { Layout } from "../image/oci/layout";
import type { PulledImages } from "./pulledImages";
import { LocalCa } from "./certificates/localCa";
import { BootFiles } from "./instances/bootFiles";
import type { Instance } from "./instances/instance";
import { imageDigests } from "./instances/update/queuedUpdates";
import { isTemplateOrCheckpoint } from "./instances/update/templates";
import { ChangeNotifier } from "./instances/statusChanges";
import { ApiItemError } from "./errors";
import type { Log } from "./log";
import { allocateAddresses, DEFAULT_NETWORK } from "./network/addresses";
import { PrivateNetwork } from "./network/privateNetwork";
import { hasAddresses, networkMemberOf } from "./instances/networkMember";
import { ConnectionBudget, connectionCountsFor, readFileLimit } from "./proxy/ports/connectionBudget";
import { PublicPorts } from "./proxy/ports/publicPorts";
import { PlatformHistory } from "./observability/history";
import type { Rotation } from "./proxy/rotation/rotation";
import { ServiceProxy } from "./proxy/serviceProxy";
import { NO_TRAFFIC } from "./proxy/traffic";
import type { Quotas } from "./quota/quotaSettings";
import type { Service } from "./services/service";
import type { CertificateRecord } from "./store/certificates";
import type { ImagePin } from "./store/imagePins";
import type { Database } from "./store/database";
import type { InstanceRecord } from "./store/instances";
import type { ServiceRecord } from "./store/services";
import type { VolumeRecord } from "./store/volumes";
import type { Timings } from "./timings";
import type { Vmm } from "./vmm/vmm";
import { DiskJobs } from "./volumes/diskJobs";

/** What a registry is created from. */
export interface RegistryParts {
  readonly paths: LocalPaths;
  readonly database: Database;
  readonly vmm: Vmm;
  /** The images that instances can be created from. */
  readonly images: Pick<Layout, "resolve" | "list">;
  /** Images of registries; `undefined`: none can be pulled. */
  readonly pulledImages: PulledImages | undefined;
  readonly timings: Timings;
  readonly quotas: Quotas;
  /**
   * Behave like the nodes that the cloud runs in 2026, which are older than its documentation; see `http/dialect.ts`.
   */
  readonly strict2026: boolean;
  readonly log: Log;
  /** The clock of schedules and autokill. */
  readonly clock: Clock;
  /** Creates an instance from its database record. */
  readonly createInstance: (record: InstanceRecord, registry: Registry) => Instance;
}

/** The objects of a running platform. Maps are keyed by uuid, in the order of creation. */
export class Registry {
  readonly parts: RegistryParts;
  /** Notifies of every change of an instance or volume. */
  readonly changes = new ChangeNotifier();
  /** What happened to the instances since the daemon started. */
  readonly history = new PlatformHistory();
  readonly bootFiles: BootFiles;
  /** Includes instances that are being deleted; see `isVisible` in `lookup.ts`. */
  readonly instances = new Map<string, Instance>();
  readonly services = new Map<string, Service>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly certificates = new Map<string, CertificateRecord>();
  readonly imagePins = new Map<string, ImagePin>();
  readonly network = new PrivateNetwork();
  /** Templates that are being created on demand, by name. */
  readonly pendingTemplates = new Map<string, Promise<Instance>>();
  /** Keys that operations in progress have reserved, such as `instance:<name>`. */
  readonly reservedKeys = new Set<string>();
  /** Serializes changes of service groups, because each checks the ports and domains of all others. */
  readonly serviceMutex = new Mutex();
  /** Jobs that are using volumes' disks. */
  readonly disks = new DiskJobs();
  /** Certificates for domains without an uploaded one. */
  readonly localCa: LocalCa;
  /** The published ports of all service groups. */
  readonly #ports = new PublicPorts(new ConnectionBudget(connectionCountsFor(readFileLimit())));
  readonly #shutdown = new AbortController();

  constructor(parts: RegistryParts) {
    this.parts = parts;
    this.localCa = new LocalCa(parts.paths);
    this.bootFiles = new BootFiles(parts.paths.bootDir);
    this.changes.subscribe(() => this.history.observe(this.instances, parts.clock.now()));
  }

  /** True after {@link shutDown}; from then on nothing may be written. */
  get isShutDown(): boolean {
    return this.#shutdown.signal.aborted;
  }

  /** Aborts on {@link shutDown}. */
  get shutdownSignal(): AbortSignal {
    return this.#shutdown.signal;
  }

  /** True if no object exists or is being created. Pinned images do not count: they are only marked. */
  get isEmpty(): boolean {
    const { instances, services, volumes, certificates, reservedKeys } = this;
    return instances.size + services.size + volumes.size + certificates.size + reservedKeys.size === 0;
  }

  /** Adds an instance whose record is in the database. */
  addInstance(record: InstanceRecord): Instance {
    const instance = this.parts.createInstance(record, this);
    this.instances.set(record.uuid, instance);
    if (!isTemplateOrCheckpoint(record.status.state) && hasAddresses(record.status))
      this.network.add(networkMemberOf(instance));
    queueMicrotask(() => this.changes.notify());
    return instance;
  }

  /** Creates a service group without open ports. Does not add it to the registry. */
  newService(record: ServiceRecord): Service {
    const events = {
      onWakeNeeded: (uuid: string) =>
        void this.instances
          .get(uuid)
          ?.request("wake")
          .catch(() => undefined), // the actor has logged the error
      onRequest: (uuid: string) => this.instances.get(uuid)?.countRequest(),
      onConnectionCount: (uuid: string, count: number) => this.instances.get(uuid)?.connectionsChanged(count),
    };
    return { record, proxy: new ServiceProxy(record, events, this.parts.timings, this.#ports) };
  }

  /** Addresses in the private network for new instances. Throws `Quota` when it is full. */
  allocateAddresses(count: number): readonly string[] {
    const used = [...this.instances.values()].flatMap(({ networkInterfaces }) =>
      networkInterfaces.map(({ privateIp }) => privateIp),
    );
    const found = allocateAddresses(DEFAULT_NETWORK, used, count);
    if (found.length === count) return found;
    throw new ApiItemError("Quota", "The private network has no free address");
  }

  /** Instances that have this volume attached. */
  instancesUsingVolume(volumeUuid: string): readonly Instance[] {
    return [...this.instances.values()].filter((instance) =>
      instance.record.volumes.some((one) => one.volumeUuid === volumeUuid),
    );
  }

  /** The service group of an instance; `undefined` if it has none. */
  serviceOf({ serviceUuid }: Pick<InstanceRecord, "serviceUuid">): Service | undefined {
    return serviceUuid === undefined ? undefined : this.services.get(serviceUuid);
  }

  /** Traffic of an instance through the proxy; as `Rotation.traffic`, and all 0 without a service group. */
  trafficOf(record: Pick<InstanceRecord, "uuid" | "serviceUuid">): ReturnType<Rotation["traffic"]> {
    return this.serviceOf(record)?.proxy.rotation.traffic(record.uuid) ?? { ...NO_TRAFFIC, queued: 0 };
  }

  /** Instances of a service group. */
  instancesOfService(serviceUuid: string): readonly Instance[] {
    return [...this.instances.values()].filter((instance) => instance.record.serviceUuid === serviceUuid);
  }

  /** Reserves keys while `work` runs, so that concurrent requests cannot take the same name. */
  async withReserved<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const key of keys) this.reservedKeys.add(key);
    try {
      return await work();
    } finally {
      for (const key of keys) this.reservedKeys.delete(key);
    }
  }

  /** Removes kernels, initrds and pulled images that no instance boots from. */
  async removeUnusedFiles(): Promise<void> {
    const records = () => [...this.instances.values()].map((instance) => instance.record);
    await this.bootFiles.removeUnused(records);
    const isPinned = (digest: string): boolean => [...this.imagePins.values()].some(({ url }) => url.endsWith(digest));
    const isUsed = (digest: string): boolean =>
      isPinned(digest) || records().some((record) => imageDigests(record).includes(digest));
    await this.parts.pulledImages?.removeUnused(isUsed);
  }

  /** Closes the ports and disconnects from the VMs, which keep running. */
  shutDown(): void {
    this.#shutdown.abort();
    for (const service of this.services.values()) {
      service.autokillAbort?.abort();
      service.proxy.close();
    }
    for (const instance of this.instances.values()) instance.close();
  }
}
