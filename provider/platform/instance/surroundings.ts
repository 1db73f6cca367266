/** What an instance's actor sees of the platform around it. */
import type { Log } from "../log";
import type { Rotation } from "../proxy/rotation";
import type { Attachment, InstanceRecord } from "../state/instances";
import type { Timings } from "../timings";
import type { Vmm, VmSpec } from "../vmm/vmm";
import type { StatusChange } from "./publish";

/** What an actor needs of the platform. */
export interface ActorSurroundings {
  readonly vmm: Vmm;
  readonly timings: Timings;
  readonly log: Log;
  spec(record: InstanceRecord): VmSpec;
  /** Resolves when nothing but a VM uses the instance's disks. */
  disksFree(record: InstanceRecord): Promise<void>;
  /** Writes and announces a change. */
  publish(record: InstanceRecord, change: StatusChange): InstanceRecord;
  /** Writes and announces which volumes an instance has. */
  keepVolumes(uuid: string, volumes: readonly Attachment[]): void;
  /** The rotation of the instance's service, and the ports that must answer before it gets connections. */
  service(
    record: InstanceRecord,
  ): { readonly rotation: Rotation; readonly destinationPorts: readonly number[] } | undefined;
  /** Removes everything that is kept of an instance whose VM is gone. */
  remove(record: InstanceRecord): Promise<void>;
}

/** How to stop. */
export interface StopOptions {
  /** Milliseconds for open connections to end by themselves; 0 for none. */
  readonly drainTimeoutMs: number;
}
