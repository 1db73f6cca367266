/** Everything one daemon knows, in one object that handlers and actors share. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Clock } from "../base/clock";
import type { LocalPaths } from "../base/localPaths";
import type { Layout } from "../image/oci/layout";
import type { Scaler } from "./autoscale/scaler";
import { InstanceActor } from "./instances/actor";
import { BootFiles, vmSpec } from "./instances/bootFiles";
import { startDependencies } from "./instances/dependencies";
import { Changes } from "./instances/statusChanges";
import type { ActorSurroundings } from "./instances/environment";
import type { Log } from "./log";
import { ServiceProxy } from "./proxy/serviceProxy";
import { enforceLiveQuota } from "./quota";
import type { Quotas } from "./quotaSettings";
import { afterMemberLeft } from "./services/membership";
import type { CertificateRecord } from "./store/certificates";
import type { Database } from "./store/database";
import {
  deleteInstance,
  type InstanceRecord,
  updateAttachments,
  updateInstanceDefinition,
  updateInstanceStatus,
  updateWithoutService,
} from "./store/instances";
import type { ServiceRecord } from "./store/services";
import type { VolumeRecord } from "./store/volumes";
import type { Timings } from "./timings";
import { Turn } from "../base/mutex";
import type { Vmm } from "./vmm/vmm";
import { DiskWork } from "./volumes/diskJobs";
import { releaseVolumes } from "./volumes/save";

/** What a platform is made of. */
export interface PlatformParts {
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
  autokill?: AbortController;
  /** While it has an autoscale configuration. */
  scaler?: Scaler;
}

/** A running platform. Maps are by uuid, in the order of creation. */
export class Platform {
  readonly parts: PlatformParts;
  readonly changes = new Changes();
  readonly boot: BootFiles;
  readonly instances = new Map<string, InstanceActor>();
  readonly services = new Map<string, Service>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly certificates = new Map<string, CertificateRecord>();
  /** Templates that are being made, by their name. */
  readonly preparing = new Map<string, Promise<InstanceActor>>();
  /** Names and ports that a create or change under way has taken, as `instance:<name>` or `port:<number>`. */
  readonly reserved = new Set<string>();
  /** Changes of service groups wait for each other: each checks what the one before has taken. */
  readonly serviceTurn = new Turn();
  readonly disks = new DiskWork();
  readonly #released = new AbortController();

  constructor(parts: PlatformParts) {
    this.parts = parts;
    this.boot = new BootFiles(parts.paths.boot);
  }

  /** True once it has let go of everything; nothing may be written any more. */
  get isReleased(): boolean {
    return this.#released.signal.aborted;
  }

  /** Aborts when it lets go of everything. */
  get released(): AbortSignal {
    return this.#released.signal;
  }

  /** True when nothing exists that a user made. */
  get isEmpty(): boolean {
    const { instances, services, volumes, certificates, reserved } = this;
    return instances.size + services.size + volumes.size + certificates.size + reserved.size === 0;
  }

  /** Adds an instance that is in the database. */
  addInstance(record: InstanceRecord): InstanceActor {
    const actor = new InstanceActor(record, this.#surroundings());
    this.instances.set(record.uuid, actor);
    queueMicrotask(() => this.changes.notify());
    return actor;
  }

  /** A service group that nobody knows yet and whose ports are closed. */
  newService(record: ServiceRecord): Service {
    const events = {
      wake: (uuid: string) =>
        void this.instances
          .get(uuid)
          ?.request("wake")
          .catch(() => undefined), // the actor has logged it
      request: (uuid: string) => this.instances.get(uuid)?.requestHandled(),
      connections: (uuid: string, count: number) => this.instances.get(uuid)?.connectionsChanged(count),
    };
    return { record, proxy: new ServiceProxy(record, events, this.parts.timings) };
  }

  /** Instances that name this volume. */
  usersOf(volumeUuid: string): readonly InstanceActor[] {
    return [...this.instances.values()].filter((actor) =>
      actor.record.volumes.some((one) => one.volumeUuid === volumeUuid),
    );
  }

  /** Instances of a service group. */
  membersOf(serviceUuid: string): readonly InstanceActor[] {
    return [...this.instances.values()].filter((actor) => actor.record.serviceUuid === serviceUuid);
  }

  /** Holds names and ports while `work` runs, so that two requests at once cannot both take one. */
  async reserving<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const key of keys) this.reserved.add(key);
    try {
      return await work();
    } finally {
      for (const key of keys) this.reserved.delete(key);
    }
  }

  /** Removes kernels and initrds that no instance boots from any more. */
  keepBootFiles(): Promise<void> {
    return this.boot.keepOnly(() => [...this.instances.values()].map((actor) => actor.record));
  }

  /** Closes the ports and lets go of the VMs, which run on. */
  release(): void {
    this.#released.abort();
    for (const service of this.services.values()) {
      service.autokill?.abort();
      service.proxy.close();
    }
    for (const actor of this.instances.values()) actor.release();
  }

  #surroundings(): ActorSurroundings {
    const { database, paths, vmm, timings, log, quotas, strict2026 } = this.parts;
    const announce = (): void => queueMicrotask(() => this.changes.notify());
    return {
      vmm,
      timings,
      log,
      queuesUpdates: !strict2026,
      spec: (record) => vmSpec(record, paths, this.boot),
      patchContext: ({ serviceUuid }) => ({ limits: quotas.limits, hasService: serviceUuid !== undefined }),
      disksFree: ({ volumes }) => this.disks.ended(volumes.map((one) => one.volumeUuid)),
      admit: (record) => enforceLiveQuota(this, record),
      dependencies: (record, signal) => startDependencies(this, record, signal),
      announce,
      keepStatus: (uuid, status) => updateInstanceStatus(database, uuid, status),
      keepDefinition: (...changed) => {
        updateInstanceDefinition(database, ...changed);
        void this.keepBootFiles().catch(() => undefined); // what is left over goes with the next removal
      },
      keepWithoutService: (uuid, status) => updateWithoutService(database, uuid, status),
      leftService: (serviceUuid) => {
        afterMemberLeft(this, serviceUuid).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          log.write("service.not-left", { uuid: serviceUuid, reason });
        });
      },
      keepVolumes: (uuid, volumes, status) => updateAttachments(database, uuid, volumes, status),
      service: ({ serviceUuid }) => {
        const service = serviceUuid === undefined ? undefined : this.services.get(serviceUuid);
        return service && { rotation: service.proxy.rotation, destinationPorts: destinationPorts(service.record) };
      },
      remove: (record) => this.#removeInstance(record),
    };
  }

  async #removeInstance({ uuid, serviceUuid, volumes }: InstanceRecord): Promise<void> {
    await this.parts.vmm.forget(uuid);
    await fs.rm(path.join(this.parts.paths.instances, uuid), { recursive: true, force: true });
    deleteInstance(this.parts.database, uuid);
    this.instances.delete(uuid);
    this.changes.notify();
    // It is gone, whatever becomes of what goes with it; the next daemon removes what is left.
    const left = (error: unknown): void => {
      const reason = error instanceof Error ? error.message : String(error);
      this.parts.log.write("instance.leftovers", { uuid, reason });
    };
    if (serviceUuid !== undefined) await afterMemberLeft(this, serviceUuid).catch(left);
    await releaseVolumes(this, volumes).catch(left);
    await this.keepBootFiles().catch(left);
    this.changes.notify();
  }
}

/** Ports inside the instances that a service leads to, each once; a redirect leads to none. */
export const destinationPorts = ({ ports }: ServiceRecord): readonly number[] => [
  ...new Set(ports.filter(({ handlers }) => !handlers.includes("redirect")).map((port) => port.destinationPort)),
];
