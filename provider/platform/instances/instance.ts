/** An instance as the rest of the platform sees it. `InstanceActor` implements it; only the daemon creates actors. */
import type { InstanceProp, InstanceState } from "../../contract/models";
import type { ProbeProgress } from "../../contract/readiness/progress";
import type { InstanceDefinition, InstanceRecord, VolumeAttachment } from "../store/instances";
import type { GuestCommand, Vm, VmExit, VmUsage } from "../vmm/vmm";
import type { InstanceRequest } from "./lifecycle/decideRequest";
import type { NetworkInterface } from "./networkInterface";
import type { HistogramCounts } from "../observability/histogram";

/** Options of a request to an instance. */
export interface RequestOptions {
  /** Stop and suspend: milliseconds that open connections get to close by themselves. `undefined`: 0. */
  readonly drainTimeoutMs?: number;
  /** Stop: milliseconds without a byte after which a half-closed connection no longer delays it. `undefined`: no limit. */
  readonly halfClosedTimeoutMs?: number | undefined;
  /** Conversion to a template: milliseconds without use after which the template is deleted. `undefined`: never. */
  readonly templateAutokillMs?: number;
  /** Capture, which needs it: absolute path of the folder that the snapshot is written to. */
  readonly captureTo?: string;
}

/** A change of one property. */
export interface InstancePatchOperation {
  readonly prop: InstanceProp;
  readonly op: "set" | "add" | "del";
  /** Validated by the model of `prop`; `undefined`: a `del` of the whole property. */
  readonly value?: unknown;
}

/** A change of one property of a template or checkpoint. */
export interface TemplatePatchOperation {
  readonly prop: "tags" | "delete_lock" | "autokill";
  readonly op: "set" | "add" | "del";
  /** Validated by the model of `prop`; `undefined`: a `del` of the whole property. */
  readonly value?: unknown;
}

/** One instance and, while it runs, its VM. Only the instance changes its own state; others submit requests. */
export interface Instance {
  /** The current record; replaced by every change. */
  readonly record: InstanceRecord;
  readonly state: InstanceState;
  readonly networkInterfaces: readonly NetworkInterface[];
  /** True from the moment a delete is accepted until it fails and can be requested again. */
  readonly isBeingDeleted: boolean;
  /** True when no VM runs and nothing is about to start one. */
  readonly isDown: boolean;
  /** True while a VM has the instance's disks, or is about to get them. */
  readonly usesDisks: boolean;
  /** True while its VM has a process, and is not only saved on the disk. */
  readonly hasProcess: boolean;
  /** The definition with all queued changes applied. */
  readonly plannedDefinition: InstanceDefinition;
  /** What the readiness probe has found since the last start or wake; `undefined` without a probe, and while no guest runs. */
  readonly readiness: ProbeProgress | undefined;
  /** Total milliseconds of all VM sessions, including the current one. */
  readonly uptimeMs: number;
  /** How long connections waited for the instance to wake. */
  readonly wakeups: HistogramCounts;
  /** Resource usage of its VM; zero without one. */
  vmUsage(): Promise<VmUsage>;

  /**
   * Submits a request. Resolves when it has begun (start: the VM runs; stop: the guest was told to shut down; delete:
   * everything is removed), or at once if the instance is already in the requested state.
   *
   * Throws `FailedWrongVmState`; a start also throws what the VMM throws.
   */
  request(request: InstanceRequest, options?: RequestOptions): Promise<void>;
  /** Attaches a volume that the caller has validated. Throws `FailedWrongVmState` unless the instance is stopped. */
  attachVolume(attachment: VolumeAttachment): void;
  /** Detaches a volume: at once, or when the VM that uses it has stopped. */
  detachVolume(volumeUuid: string): void;
  /**
   * Changes the definition: at once, or when the VM has stopped. A changed `rotation` takes effect with {@link applyRotation}. Throws `Invalid`, `NotSupported`, `NotAllowed`,
   * `FailedWrongVmState`, `TooMany`.
   */
  patch(operation: InstancePatchOperation): void;
  /** Makes the rotation of the definition the one in effect. */
  applyRotation(): void;
  /** Changes a template or checkpoint. Throws `Invalid`. */
  patchTemplate(operation: TemplatePatchOperation): void;
  /** Releases it from autoscale; from then on it is an ordinary instance. Throws if the database write fails. */
  releaseFromAutoscale(): void;
  /** Another instance has taken its addresses, and that is written: stops it for good. */
  loseAddresses(): void;
  /** Records that another instance was created from this template or checkpoint. */
  recordUse(): void;

  /** Keeps a running or sleeping instance from going to standby until the returned function is called, once. */
  keepAwake(): () => void;
  /** Runs a command in its guest; see {@link Vm.run}. Throws `GUEST_STOPPED` unless it is running. */
  runCommand(command: GuestCommand): Promise<number>;

  /** The service's ports changed: probes the instance again, because it may not be ready on the new ones. */
  servicePortsChanged(): void;
  /** Counts a connection or request that the proxy forwarded to the instance. */
  countRequest(): void;
  /** The proxy's number of open connections changed. */
  connectionsChanged(count: number): void;

  /** Adopts a VM that an earlier daemon started, and continues what was in progress. */
  adoptVm(vm: Vm): void;
  /** Handles a VM that ended while no daemon ran, or that the daemon did not get to start. */
  handleLostVm(exit: VmExit): void;
  /** Continues what an earlier daemon began with a stopped instance: a restart sequence, a conversion or a delete. */
  resumePendingWork(): void;
  /** Disconnects from the VM, which keeps running. Nothing is written after this. */
  close(): void;
}
