/** What an instance's actor sees of the platform around it. */
import type { Log } from "../log";
import type { Rotation } from "../proxy/rotation";
import type { VolumeAttachment, InstanceDefinition, InstanceRecord, InstanceStatus } from "../store/instances";
import type { Timings } from "../timings";
import type { Vmm, VmSpec } from "../vmm/vmm";
import type { PatchContext } from "./update/patch";

/** What an actor needs of the platform. */
export interface InstanceEnvironment {
  readonly vmm: Vmm;
  readonly timings: Timings;
  readonly log: Log;
  /** False where a change that needs a stop is refused instead of queued. */
  readonly queuesUpdates: boolean;
  vmSpec(record: InstanceRecord): VmSpec;
  /** What a change of the instance's definition is judged by. */
  patchContext(record: InstanceRecord): PatchContext;
  /** Resolves when nothing but a VM uses the instance's disks. */
  waitUntilDisksFree(record: InstanceRecord): Promise<void>;
  /** Throws a refusal `Quota` unless the instance may be live. */
  assertLiveQuota(record: InstanceRecord): void;
  /** Starts what the instance depends on and resolves when all of it runs. Throws a refusal `FailedOperation`; the signal's reason. */
  startDependencies(record: InstanceRecord, signal: AbortSignal): Promise<void>;
  /** Tells everybody who waits that something changed. */
  notifyChange(): void;
  /** Writes what became of an instance. Throws when it cannot. */
  saveStatus(uuid: string, status: InstanceStatus): void;
  /** Writes what an instance is to be, and what became of it, both or neither. Throws when it cannot. */
  saveDefinition(uuid: string, definition: InstanceDefinition, status: InstanceStatus): void;
  /** Writes that an instance has left its service, and what became of it, both or neither. Throws when it cannot. */
  saveWithoutService(uuid: string, status: InstanceStatus): void;
  /** A service lost an instance that goes on without it. */
  onServiceLeft(serviceUuid: string): void;
  /** Writes which volumes an instance has, and what became of it, both or neither. Throws when it cannot. */
  saveVolumes(uuid: string, volumes: readonly VolumeAttachment[], status: InstanceStatus): void;
  /** The rotation of the instance's service, and the ports that must answer before it gets connections. */
  serviceOf(
    record: InstanceRecord,
  ): { readonly rotation: Rotation; readonly destinationPorts: readonly number[] } | undefined;
  /** Removes everything that is kept of an instance whose VM is gone. */
  removeInstance(record: InstanceRecord): Promise<void>;
}
