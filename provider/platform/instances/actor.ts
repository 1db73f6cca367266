/**
 * One actor per instance: one queue, one loop, one state. Its inputs are API requests, VM events and timers; VM events are
 * handled before requests. Only the actor changes its instance.
 *
 * `lifecycle/transitions.ts` draws the state machine.
 */
import { UnikernelError } from "../../base/errors";
import type { Instance, RequestOptions, InstancePatchOperation, TemplatePatchOperation } from "./instance";
import type { InstanceState } from "../../contract/models";
import type { ProbeProgress } from "../../contract/readiness/progress";
import type { VolumeAttachment, InstanceDefinition, InstanceRecord } from "../store/instances";
import type { GuestCommand, Vm, VmExit, VmUsage } from "../vmm/vmm";
import { attachVolume, detachVolume, usesDisks } from "./update/attachments";
import { InstanceMachine, type InstanceEvent } from "./lifecycle/machine";
import { decideRequest, type InstanceRequest } from "./lifecycle/decideRequest";
import { Mailbox } from "./mailbox";
import { type NetworkInterface, networkInterfacesOf } from "./networkInterface";

import { captureCopy } from "./lifecycle/capturing";
import { onControlFiles } from "./lifecycle/sleep/controlFiles";
import { convertToTemplate } from "./lifecycle/convertToTemplate";
import { applyTemplatePatch, isTemplateOrCheckpoint } from "./update/templates";
import { armCooldown, goToStandby, keepAwake } from "./lifecycle/sleep/scaleToZero";
import { ADDRESSES_LOST } from "./networkMember";
import { toDenyError, actorStateOf } from "./lifecycle/actorState";
import {
  onListening,
  onProven,
  onReady,
  onStarted,
  probeReadiness,
  readinessProbeChanged,
  start,
} from "./lifecycle/starting";
import { forceStop, deleteInstance, applyDeleteOnStop, stopVm, stop } from "./lifecycle/stopping";
import { pauseAsleep } from "./lifecycle/sleep/pausing";
import { saveMemory } from "./lifecycle/sleep/saving";
import { pauseDrained, suspend } from "./lifecycle/sleep/suspending";
import type { InstanceEnvironment } from "./environment";
import { adoptVm, onLostVm, onVmGone, resumePendingWork } from "./lifecycle/adoptVm";
import { definitionAfterUpdates, patchDefinition } from "./update/queuedUpdates";
import type { HistogramCounts } from "../observability/histogram";

interface AcceptedRequest {
  readonly is: InstanceRequest;
  readonly options: RequestOptions;
}

const DOWN_STATES: readonly InstanceState[] = ["stopped", "template", "checkpoint", "deleted"];
/** Requests that abort a start that waits for other instances. */
const CANCELS_START: readonly InstanceRequest[] = ["stop", "force-stop", "convert-to-template", "delete"];

/** Owns one instance and its VM. See {@link Instance} for the members. */
export class InstanceActor implements Instance {
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly #machine: InstanceMachine;
  readonly #mailbox: Mailbox<InstanceEvent, AcceptedRequest>;
  /** Requests accepted but not yet begun. A delete stays here until it fails. */
  readonly #pending = new Set<InstanceRequest>();

  constructor(record: InstanceRecord, env: InstanceEnvironment) {
    this.networkInterfaces = networkInterfacesOf(record);
    this.#mailbox = new Mailbox({
      event: (event) => this.#handleEvent(event),
      request: (accepted) => this.#handleRequest(accepted),
      failed: (error, { is }) => this.#machine.logFailure("instance.failed", error.message, is),
    });
    this.#machine = new InstanceMachine(record, env, {
      post: (event) => this.#mailbox.post(event),
      request: (request) => this.request(request),
      isAwaited: () => this.#pending.size > 0,
      hasPendingEnd: () => CANCELS_START.some((request) => this.#pending.has(request)),
    });
    this.#machine.configureRotation();
    this.#machine.updateRotation();
  }

  /** The current record. */
  get record(): InstanceRecord {
    return this.#machine.record;
  }

  get state(): InstanceState {
    return this.#machine.state;
  }

  /** True from the moment a delete is accepted until it fails and can be requested again. */
  get isBeingDeleted(): boolean {
    return this.#pending.has("delete");
  }

  /** True when no VM runs and nothing is about to start one. */
  get isDown(): boolean {
    const hasPendingStart = this.#pending.has("start") || this.#pending.has("wake") || this.#pending.has("restart");
    return DOWN_STATES.includes(this.state) && this.record.status.restart === undefined && !hasPendingStart;
  }

  /** The definition with all queued changes applied. */
  get plannedDefinition(): InstanceDefinition {
    const { record, env } = this.#machine;
    return definitionAfterUpdates(record, env.patchContext(record));
  }

  /** What the readiness probe has found since the last start or wake; `undefined` without a probe, and while no guest runs. */
  get readiness(): ProbeProgress | undefined {
    const { session, isPaused, record } = this.#machine;
    return record.definition.readinessProbe === undefined || isPaused ? undefined : session?.progress;
  }

  /** Total milliseconds of all VM sessions, including the current one. */
  get uptimeMs(): number {
    return this.#machine.uptimeMs;
  }

  /** How long connections waited for the instance to wake. */
  get wakeups(): HistogramCounts {
    return this.#machine.wakeups.histogram;
  }

  /** Resource usage of its VM; zero without one. */
  async vmUsage(): Promise<VmUsage> {
    return (await this.#machine.session?.vm.usage()) ?? { rssBytes: 0, cpuTimeMs: 0 };
  }

  /**
   * Submits a request. Resolves when it has begun (start: the VM runs; stop: the guest was told to shut down; delete:
   * everything is removed), or at once if the instance is already in the requested state.
   *
   * Throws `FailedWrongVmState`; a start also throws what the VMM throws.
   */
  request(request: InstanceRequest, options: RequestOptions = {}): Promise<void> {
    const { name, status } = this.record;
    // After a failed delete, only another delete is accepted.
    const pending: ReadonlySet<InstanceRequest> =
      status.deleting && request !== "delete" ? new Set([...this.#pending, "delete"]) : this.#pending;
    const decision = decideRequest(actorStateOf(this.#machine), pending, request);
    if (decision.do === "ignore") return Promise.resolve();
    if (decision.do === "deny") return Promise.reject(toDenyError(name, decision.reason));
    this.#pending.add(request);
    if (request !== "save") this.#machine.saveAbort?.abort();
    if (CANCELS_START.includes(request)) this.#machine.startAbort?.abort();
    return this.#mailbox.submit({ is: request, options });
  }

  /** True while its VM has a process, and is not only saved on the disk. */
  get hasProcess(): boolean {
    return this.#machine.session?.vm.pid !== undefined;
  }

  /** True while a VM has the instance's disks, or is about to get them. */
  get usesDisks(): boolean {
    return usesDisks(this.#machine);
  }

  /** Attaches a volume that the caller has validated. Throws `FailedWrongVmState` unless the instance is stopped. */
  attachVolume(attachment: VolumeAttachment): void {
    attachVolume(this.#machine, attachment);
  }

  /** Detaches a volume: at once, or when the VM that uses it has stopped. */
  detachVolume(volumeUuid: string): void {
    detachVolume(this.#machine, volumeUuid);
  }

  /** Changes the definition: at once, or when the VM has stopped. Throws like {@link patchDefinition}. */
  patch(change: InstancePatchOperation): void {
    patchDefinition(this.#machine, change);
    if (change.prop === "readiness_probe") {
      this.#machine.configureRotation();
      readinessProbeChanged(this.#machine);
    }
    applyDeleteOnStop(this.#machine); // the change may have removed the delete lock
  }

  /** Makes the rotation of the definition, which {@link patch} has changed, the one in effect. */
  applyRotation(): void {
    this.#machine.configureRotation();
  }

  /** Changes a template or checkpoint. Throws like {@link applyTemplatePatch}. */
  patchTemplate(change: TemplatePatchOperation): void {
    const { record, env } = this.#machine;
    this.#machine.replaceDefinition(applyTemplatePatch(record.definition, change, env.patchContext(record)));
  }

  /** Releases it from autoscale; from then on it is an ordinary instance. Throws if the database write fails. */
  releaseFromAutoscale(): void {
    const { autoscaledBy: _, ...own } = this.record.definition;
    this.#machine.replaceDefinition(own);
  }

  /** Another instance has taken its addresses, and that is written: stops it for good. */
  loseAddresses(): void {
    this.#machine.applyThenPersist(ADDRESSES_LOST);
    void this.request("stop").catch(() => undefined); // it is being deleted
  }

  /** Records that another instance was created from this template or checkpoint. */
  recordUse(): void {
    if (isTemplateOrCheckpoint(this.state)) this.#machine.applyThenPersist({ lastUsedAt: Date.now() });
  }

  /** Adopts a VM that an earlier daemon started, and continues what was in progress. */
  adoptVm(vm: Vm): void {
    adoptVm(this.#machine, vm);
  }

  /** Handles a VM that ended while no daemon ran, or that the daemon did not get to start. */
  handleLostVm(exit: VmExit): void {
    onLostVm(this.#machine, exit);
  }

  /** Continues what an earlier daemon began with a stopped instance: a restart sequence, a conversion or a delete. */
  resumePendingWork(): void {
    resumePendingWork(this.#machine);
  }

  /** Keeps the instance from going to standby until the returned function is called. */
  keepAwake(): () => void {
    return keepAwake(this.#machine);
  }

  /** Runs a command in its guest. */
  async runCommand(command: GuestCommand): Promise<number> {
    const { session } = this.#machine;
    if (this.state === "running" && session !== undefined) return session.vm.run(command);
    throw new UnikernelError("GUEST_STOPPED", `Instance '${this.record.name}' is ${this.state} and runs no command.`);
  }

  /** The service's ports changed: probes the instance again, because it may not be ready on the new ones. */
  servicePortsChanged(): void {
    const { session } = this.#machine;
    if (session !== undefined && this.state === "running") probeReadiness(this.#machine, session);
  }

  /** Counts a connection or request that the proxy forwarded to the instance. */
  countRequest(): void {
    const { definition, status } = this.record;
    if (definition.autokill.numRequests > 0) this.#machine.applyThenPersist({ requests: (status.requests ?? 0) + 1 });
  }

  /** The proxy's number of open connections changed: arms the cooldown again. */
  connectionsChanged(count: number): void {
    armCooldown(this.#machine, count);
  }

  /** Disconnects from the VM, which keeps running. Nothing is written after this. */
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
        return stop(machine, options);
      case "force-stop":
        return forceStop(machine);
      case "suspend":
        return suspend(machine, options.drainTimeoutMs ?? 0);
      case "convert-to-template":
        return convertToTemplate(machine, options.templateAutokillMs ?? 0);
      case "sleep":
        return goToStandby(machine);
      case "pause":
        return pauseAsleep(machine);
      case "save":
        return saveMemory(machine);
      case "capture":
        return options.captureTo === undefined ? undefined : captureCopy(machine, options.captureTo);
      case "delete":
        return deleteInstance(machine);
    }
  }

  async #handleEvent(event: InstanceEvent): Promise<void> {
    const machine = this.#machine;
    const { session } = event;
    if (session !== machine.session) return; // an event of an earlier session
    switch (event.is) {
      case "started":
        return onStarted(machine, session);
      case "listening":
        return onListening(machine, session, event.phase);
      case "ready":
        return onReady(machine, session, event.phase);
      case "healthy":
        return machine.applyThenPersist({ restart: undefined });
      case "proven":
        return onProven(machine, session);
      case "control-files":
        return onControlFiles(machine, session);
      case "drained":
        if (machine.state !== "draining") return;
        return actorStateOf(machine).suspending === true ? pauseDrained(machine, session) : stopVm(machine, false);
      case "exited":
        session.ended.abort();
        session.phase.abort();
        machine.session = undefined;
        return onVmGone(machine, event.exit);
    }
  }
}
