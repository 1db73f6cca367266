/**
 * An instance as the rest of the platform sees it. `InstanceActor` implements it; only the daemon, which makes actors, knows that.
 */
import type { InstanceProp, InstanceState } from "../../contract/models";
import type { InstanceDefinition, InstanceRecord, VolumeAttachment } from "../store/instances";
import type { Vm, VmExit, VmUsage } from "../vmm/vmm";
import type { InstanceRequest } from "./lifecycle/decideRequest";
import type { NetworkInterface } from "./networkInterface";
import type { WakeupHistogram } from "./wakeups";

/** What a request brings along. */
export interface RequestOptions {
  /** Of a stop or suspend: milliseconds for open connections to end by themselves; none where it is absent. */
  readonly drainTimeoutMs?: number;
  /** Of a conversion to a template: milliseconds without use after which the template is deleted; never where it is absent. */
  readonly templateAutokillMs?: number;
}

/** A change of one property. */
export interface InstancePatchOperation {
  readonly prop: InstanceProp;
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/** A change of one property of a template or checkpoint. */
export interface TemplatePatchOperation {
  readonly prop: "tags" | "delete_lock" | "autokill";
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/** One instance and, while it runs, its VM. Nobody but the instance itself changes it; others ask. */
export interface Instance {
  /** The instance as it is now. */
  readonly record: InstanceRecord;
  readonly state: InstanceState;
  readonly networkInterface: NetworkInterface;
  /** True from the moment a delete is accepted until it is done, or has failed and can be asked for again. */
  readonly isBeingDeleted: boolean;
  /** True when no VM runs and nothing is about to start one. */
  readonly isDown: boolean;
  /** True while a VM has the instance's disks, or is about to get them. */
  readonly usesDisks: boolean;
  /** The definition with every change that is queued. */
  readonly plannedDefinition: InstanceDefinition;
  /** Milliseconds of all runs, the present one included. */
  readonly uptimeMs: number;
  /** How long connections waited for it to wake. */
  readonly wakeups: WakeupHistogram;
  /** What its VM takes of this machine; zero without one. */
  vmUsage(): Promise<VmUsage>;

  /**
   * Asks for something. Resolves when it has begun (a start: the VM runs; a stop: the guest was asked; a delete: all is gone), or at
   * once when there is nothing to do.
   *
   * Throws `FailedWrongVmState`; a start also what the VMM throws.
   */
  request(request: InstanceRequest, options?: RequestOptions): Promise<void>;
  /** Adds a volume that the caller has validated. Throws `FailedWrongVmState` unless the instance is stopped. */
  attachVolume(attachment: VolumeAttachment): void;
  /** Takes a volume off at once, or, while a VM has it, when that has ended. */
  detachVolume(volumeUuid: string): void;
  /** Changes the definition, at once or when the VM has ended. Throws `Invalid`, `FailedWrongVmState`, `TooMany`. */
  patch(operation: InstancePatchOperation): void;
  /** Changes a template or checkpoint. Throws `Invalid`. */
  patchTemplate(operation: TemplatePatchOperation): void;
  /** Ends its management by autoscale: from now on it is its owner's like any other. */
  releaseFromAutoscale(): void;
  /** Another instance was made from this template or checkpoint. */
  recordUse(): void;

  /** The ports of its service changed: what was ready before may not be ready now. */
  servicePortsChanged(): void;
  /** The proxy handed a connection or request to it. */
  countRequest(): void;
  /** The proxy's count of open connections to it changed. */
  connectionsChanged(count: number): void;

  /** Takes over a VM that an earlier daemon started, in whatever state that left it. */
  adoptVm(vm: Vm): void;
  /** Records that the VM ended while no daemon ran, and applies the restart policy; what was in standby stays there. */
  handleLostVm(exit: VmExit): void;
  /** Continues what an earlier daemon began with a stopped instance: a restart sequence, or a delete. */
  resumePendingWork(): void;
  /** Lets go: the VM runs on and nothing is written any more. */
  close(): void;
}
