/**
 * One actor per instance: a queue, a loop, one state. Requests of the API, ends of the VM, and timers are its inputs;
 * VM events are served before requests. Nobody else changes an instance.
 */
import type { Instance, RequestOptions, InstancePatchOperation, TemplatePatchOperation } from "./instance";
import type { InstanceState } from "../../contract/models";
import type { VolumeAttachment, InstanceDefinition, InstanceRecord } from "../store/instances";
import type { Vm, VmExit, VmUsage } from "../vmm/vmm";
import { attachVolume, detachVolume, usesDisks } from "./update/attachments";
import { InstanceMachine, type InstanceEvent } from "./lifecycle/machine";
import { decideRequest, type InstanceRequest } from "./lifecycle/decideRequest";
import { Mailbox } from "./mailbox";
import { type NetworkInterface, networkInterfaceOf } from "./networkInterface";

import { convertToTemplate } from "./lifecycle/convertToTemplate";
import { applyTemplatePatch, isTemplateOrCheckpoint } from "./update/templates";
import { armCooldown, goToStandby } from "./lifecycle/scaleToZero";
import { toDenyError, actorStateOf } from "./lifecycle/actorState";
import { onReady, onStarted, probeReadiness, start } from "./lifecycle/starting";
import { forceStop, deleteInstance, applyDeleteOnStop, stopVm, stop } from "./lifecycle/stopping";
import { pauseDrained, suspend } from "./lifecycle/suspending";
import type { InstanceEnvironment } from "./environment";
import { onVmExited, onSuspendedVmLost, onStandbyVmLost, resumePendingWork, adoptVm } from "./lifecycle/adoptVm";
import { definitionAfterUpdates, patchDefinition } from "./update/queuedUpdates";
import type { WakeupHistogram } from "./wakeups";

interface AcceptedRequest {
  readonly is: InstanceRequest;
  readonly options: RequestOptions;
}

const DOWN_STATES: readonly InstanceState[] = ["stopped", "template", "checkpoint", "deleted"];
/** What need not wait for other instances to come up first. */
const CANCELS_START: readonly InstanceRequest[] = ["stop", "force-stop", "convert-to-template", "delete"];

/** Owns one instance and its VM. */
export class InstanceActor implements Instance {
  readonly networkInterface: NetworkInterface;
  readonly #machine: InstanceMachine;
  readonly #mailbox: Mailbox<InstanceEvent, AcceptedRequest>;
  /** Accepted and not yet begun; a delete stays here until it fails. */
  readonly #pending = new Set<InstanceRequest>();

  constructor(record: InstanceRecord, env: InstanceEnvironment) {
    this.networkInterface = networkInterfaceOf(record.uuid);
    this.#mailbox = new Mailbox({
      event: (event) => this.#handleEvent(event),
      request: (accepted) => this.#handleRequest(accepted),
      failed: (error, message) => this.#machine.log("instance.failed", { on: message.is, reason: error.message }),
    });
    this.#machine = new InstanceMachine(record, env, {
      post: (event) => this.#mailbox.post(event),
      request: (request) => this.request(request),
      hasPendingEnd: () => CANCELS_START.some((request) => this.#pending.has(request)),
    });
    this.#machine.updateRotation();
  }

  /** The instance as it is now. */
  get record(): InstanceRecord {
    return this.#machine.record;
  }

  get state(): InstanceState {
    return this.#machine.state;
  }

  /** True from the moment a delete is accepted; no more when it failed and can be asked for again. */
  get isBeingDeleted(): boolean {
    return this.#pending.has("delete");
  }

  /** True when no VM runs and nothing is about to start one. */
  get isDown(): boolean {
    const waits = this.#pending.has("start") || this.#pending.has("wake") || this.#pending.has("restart");
    return DOWN_STATES.includes(this.state) && this.record.status.restart === undefined && !waits;
  }

  /** What the instance is to be when every change that waits is made. */
  get plannedDefinition(): InstanceDefinition {
    const { record, env } = this.#machine;
    return definitionAfterUpdates(record, env.patchContext(record));
  }

  /** Milliseconds of all runs, the present one included. */
  get uptimeMs(): number {
    return this.#machine.uptimeMs;
  }

  /** How long connections waited for it to wake. */
  get wakeups(): WakeupHistogram {
    return this.#machine.wakeups.histogram;
  }

  /** What its VM takes of this machine; nothing without one. */
  async vmUsage(): Promise<VmUsage> {
    return (await this.#machine.session?.vm.usage()) ?? { rssBytes: 0, cpuTimeMs: 0 };
  }

  /**
   * Asks for something; resolves when it was begun (a start: the VM runs; a stop: the guest was asked; a delete: all is
   * gone), or at once when there is nothing to do.
   *
   * Throws a refusal `FailedWrongVmState`; a start also what the VMM throws.
   */
  request(request: InstanceRequest, options: RequestOptions = {}): Promise<void> {
    const { name, status } = this.record;
    // After a delete that failed nothing but another one makes sense.
    const pending: ReadonlySet<InstanceRequest> =
      status.deleting && request !== "delete" ? new Set([...this.#pending, "delete"]) : this.#pending;
    const decision = decideRequest(actorStateOf(this.#machine), pending, request);
    if (decision.do === "ignore") return Promise.resolve();
    if (decision.do === "deny") return Promise.reject(toDenyError(name, decision.reason));
    this.#pending.add(request);
    if (CANCELS_START.includes(request)) this.#machine.startAbort?.abort();
    return this.#mailbox.submit({ is: request, options });
  }

  /** True while a VM has the instance's disks, or is about to get them. */
  get usesDisks(): boolean {
    return usesDisks(this.#machine);
  }

  /** Adds a volume, whose rules the caller has judged. Throws a refusal `FailedWrongVmState` unless the instance is stopped. */
  attachVolume(attachment: VolumeAttachment): void {
    attachVolume(this.#machine, attachment);
  }

  /** Takes a volume off at once, or, while a VM has it, when that has ended. */
  detachVolume(volumeUuid: string): void {
    detachVolume(this.#machine, volumeUuid);
  }

  /** Changes what the instance is to be, at once or when its VM has ended. Throws as {@link patchDefinition}. */
  patch(change: InstancePatchOperation): void {
    patchDefinition(this.#machine, change);
    applyDeleteOnStop(this.#machine); // a lock may have held it back
  }

  /** Changes a template or checkpoint. Throws as {@link applyTemplatePatch}. */
  patchTemplate(change: TemplatePatchOperation): void {
    const { record, env } = this.#machine;
    this.#machine.replaceDefinition(applyTemplatePatch(record.definition, change, env.patchContext(record)));
  }

  /** What made it manages it no more: from now on it is its owner's like any other. Throws as `intend` does. */
  releaseFromAutoscale(): void {
    const { autoscaledBy: _, ...own } = this.record.definition;
    this.#machine.replaceDefinition(own);
  }

  /** Another instance was made from it. */
  recordUse(): void {
    if (isTemplateOrCheckpoint(this.state)) this.#machine.applyThenPersist({ lastUsedAt: Date.now() });
  }

  /** Takes over a VM of an earlier daemon, in whatever state that left it. */
  adoptVm(vm: Vm): void {
    adoptVm(this.#machine, vm);
  }

  /** Notes that the VM ended while no daemon ran, and applies the restart policy; what slept goes on sleeping. */
  handleLostVm(exit: VmExit): void {
    const { state, becomesTemplate } = this.record.status;
    if (state === "stopped") onSuspendedVmLost(this.#machine);
    else if (state === "standby" && becomesTemplate !== true) onStandbyVmLost(this.#machine);
    else onVmExited(this.#machine, exit);
  }

  /** Continues what a daemon before this one began with a stopped instance: a restart sequence, or its end. */
  resumePendingWork(): void {
    resumePendingWork(this.#machine);
  }

  /** The service's ports changed: what answered before may not answer now. */
  servicePortsChanged(): void {
    const { session } = this.#machine;
    if (session !== undefined && this.state === "running") probeReadiness(this.#machine, session);
  }

  /** The proxy handed a connection or request to it. */
  countRequest(): void {
    const { definition, status } = this.record;
    if (definition.autokill.numRequests > 0) this.#machine.applyThenPersist({ requests: (status.requests ?? 0) + 1 });
  }

  /** The proxy's count of open connections changed. */
  connectionsChanged(count: number): void {
    armCooldown(this.#machine, count);
  }

  /** Lets go: the VM runs on and nothing is written any more. */
  close(): void {
    this.#mailbox.close();
    this.#machine.close();
  }

  async #handleRequest({ is: request, options }: AcceptedRequest): Promise<void> {
    if (request !== "delete") this.#pending.delete(request);
    try {
      await this.#perform(request, options);
    } catch (error) {
      this.#pending.delete(request);
      throw error;
    }
  }

  #perform(request: InstanceRequest, options: RequestOptions): Promise<void> | void {
    const machine = this.#machine;
    switch (request) {
      case "start":
      case "wake":
        return machine.state === "stopped" || machine.state === "standby" ? start(machine, false) : undefined;
      case "restart":
        return machine.state === "stopped" ? start(machine, true) : undefined;
      case "stop":
        return stop(machine, options.drainTimeoutMs ?? 0);
      case "force-stop":
        return forceStop(machine);
      case "suspend":
        return suspend(machine, options.drainTimeoutMs ?? 0);
      case "convert-to-template":
        return convertToTemplate(machine, options.templateAutokillMs ?? 0);
      case "sleep":
        return goToStandby(machine);
      case "delete":
        return deleteInstance(machine);
    }
  }

  async #handleEvent(event: InstanceEvent): Promise<void> {
    const machine = this.#machine;
    const { run: session } = event;
    if (session !== machine.session) return; // of a life that is over
    switch (event.is) {
      case "started":
        return onStarted(machine, session);
      case "answered":
        return onReady(machine, session);
      case "healthy":
        return machine.applyThenPersist({ restart: undefined });
      case "drained":
        if (machine.state !== "draining") return;
        return actorStateOf(machine).suspending === true ? pauseDrained(machine, session) : stopVm(machine, false);
      case "exited":
        session.ended.abort();
        session.phase.abort();
        machine.session = undefined;
        return onVmExited(machine, event.exit);
    }
  }
}
