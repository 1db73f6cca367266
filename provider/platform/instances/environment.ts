/** The platform as an instance's actor sees it. */
import type { Log } from "../log";
import type { PrivateNetwork } from "../network/privateNetwork";
import type { Rotation } from "../proxy/rotation/rotation";
import type { VolumeAttachment, InstanceDefinition, InstanceRecord, InstanceStatus } from "../store/instances";
import type { Timings } from "../timings";
import type { Vmm, VmSpec } from "../vmm/vmm";
import type { PatchContext } from "./update/patch";

/** The platform functions that an actor uses. */
export interface InstanceEnvironment {
  readonly vmm: Vmm;
  /** Connects the instance's VM with those of other instances. */
  readonly network: Pick<PrivateNetwork, "plug" | "replug" | "park" | "ready" | "idleMs">;
  readonly timings: Timings;
  readonly log: Log;
  /**
   * True: a change of a running instance waits until it stops. False: it is rejected, as on older nodes (`strict2026`).
   */
  readonly queuesUpdates: boolean;
  /** The specification of the instance's next VM. */
  vmSpec(record: InstanceRecord): VmSpec;
  /** Folder of the snapshot that a template or checkpoint keeps. */
  snapshotFolder(uuid: string): string;
  /** Removes a snapshot that was made for instances of which all have started. */
  releaseSnapshot(uuid: string): Promise<void>;
  /** The limits that a change of the instance's definition is checked against. */
  patchContext(record: InstanceRecord): PatchContext;
  /** Resolves when no platform operation uses the instance's disks. */
  waitUntilDisksFree(record: InstanceRecord): Promise<void>;
  /** Throws `Quota` unless the instance may be live. */
  assertLiveQuota(record: InstanceRecord): void;
  /**
   * Starts the dependencies and resolves when all are running or in standby. Throws `FailedOperation`, or the signal's
   * reason.
   */
  startDependencies(record: InstanceRecord, signal: AbortSignal): Promise<void>;
  /** Notifies everyone who waits for a change. */
  notifyChange(): void;
  /** Writes the status of an instance. Throws if the write fails. */
  saveStatus(uuid: string, status: InstanceStatus): void;
  /** Writes the definition and the status in one transaction. Throws if the write fails. */
  saveDefinition(uuid: string, definition: InstanceDefinition, status: InstanceStatus): void;
  /**
   * Gives the addresses of the instance, whose VM is in no network yet, to it: writes its status and that of the instance that has them in
   * one transaction, moves the ports of the switch, and stops the other one. Throws if the write fails.
   */
  takeAddresses(after: InstanceRecord): void;
  /** Removes the instance from its service and writes the status, in one transaction. Throws if the write fails. */
  saveWithoutService(uuid: string, status: InstanceStatus): void;
  /** An instance left the service but still exists. */
  onServiceLeft(serviceUuid: string): void;
  /** Writes the volumes and the status in one transaction. Throws if the write fails. */
  saveVolumes(uuid: string, volumes: readonly VolumeAttachment[], status: InstanceStatus): void;
  /**
   * The rotation of the instance's service, and the ports that must be ready before it gets connections. `undefined`
   * without a service.
   */
  serviceOf(
    record: InstanceRecord,
  ): { readonly rotation: Rotation; readonly destinationPorts: readonly number[] } | undefined;
  /** Removes the files and records of an instance without a VM. */
  removeInstance(record: InstanceRecord): Promise<void>;
}
