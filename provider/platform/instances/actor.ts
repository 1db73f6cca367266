/**
 * One actor per instance: a queue, a loop, one state. Requests of the API, ends of the VM, and timers are its inputs;
 * VM events are served before requests. Nobody else changes an instance.
 */
import type { InstanceState } from "../../contract/models";
import type { Attachment, InstanceDefinition, InstanceRecord } from "../store/instances";
import type { Vm, VmExit, VmUsage } from "../vmm/vmm";
import { attachVolume, detachVolume, usesDisks } from "./update/attachments";
import { InstanceCore, type InstanceEvent } from "./lifecycle/machine";
import { decide, type InstanceRequest } from "./lifecycle/acceptRequest";
import { Mailbox } from "./mailbox";
import type { InstanceChange } from "./update/patch";
import { freeze } from "./lifecycle/convertToTemplate";
import { type FrozenChange, frozenChange, neverRuns } from "./update/templates";
import { armSleep, fallAsleep } from "./lifecycle/scaleToZero";
import { denial, standingOf } from "./lifecycle/actorState";
import { noteAnswered, noteStarted, probe, start } from "./lifecycle/starting";
import { forceStop, remove, removeIfDone, shutDown, stop } from "./lifecycle/stopping";
import { freezeDrained, suspend } from "./lifecycle/suspending";
import type { ActorSurroundings, RequestOptions } from "./environment";
import { noteExit, noteFrozenLost, noteStandbyLost, resumeStopped, takeOver } from "./lifecycle/adoptVm";
import { afterUpdates, changeDefinition } from "./update/queuedUpdates";
import type { WakeupHistogram } from "./wakeups";

interface Accepted {
  readonly is: InstanceRequest;
  readonly options: RequestOptions;
}

const DOWN: readonly InstanceState[] = ["stopped", "template", "checkpoint", "deleted"];
/** What need not wait for other instances to come up first. */
const ENDS_WAITING: readonly InstanceRequest[] = ["stop", "force-stop", "freeze", "delete"];

/** Owns one instance and its VM. */
export class InstanceActor {
  readonly #core: InstanceCore;
  readonly #mailbox: Mailbox<InstanceEvent, Accepted>;
  /** Accepted and not yet begun; a delete stays here until it fails. */
  readonly #pending = new Set<InstanceRequest>();

  constructor(record: InstanceRecord, around: ActorSurroundings) {
    this.#mailbox = new Mailbox({
      event: (event) => this.#observe(event),
      request: (accepted) => this.#begin(accepted),
      failed: (error, message) => this.#core.log("instance.failed", { on: message.is, reason: error.message }),
    });
    this.#core = new InstanceCore(record, around, {
      post: (event) => this.#mailbox.post(event),
      request: (request) => this.request(request),
      endIsAsked: () => ENDS_WAITING.some((request) => this.#pending.has(request)),
    });
    this.#core.rotate();
  }

  /** The instance as it is now. */
  get record(): InstanceRecord {
    return this.#core.record;
  }

  get state(): InstanceState {
    return this.#core.state;
  }

  /** True from the moment a delete is accepted; no more when it failed and can be asked for again. */
  get isBeingDeleted(): boolean {
    return this.#pending.has("delete");
  }

  /** True when no VM runs and nothing is about to start one. */
  get isDown(): boolean {
    const waits = this.#pending.has("start") || this.#pending.has("wake") || this.#pending.has("restart");
    return DOWN.includes(this.state) && this.record.status.restart === undefined && !waits;
  }

  /** What the instance is to be when every change that waits is made. */
  get planned(): InstanceDefinition {
    const { record, around } = this.#core;
    return afterUpdates(record, around.patchContext(record));
  }

  /** Milliseconds of all runs, the present one included. */
  get uptimeMs(): number {
    return this.#core.uptimeMs;
  }

  /** How long connections waited for it to wake. */
  get wakeups(): WakeupHistogram {
    return this.#core.wakeups.histogram;
  }

  /** What its VM takes of this machine; nothing without one. */
  async usage(): Promise<VmUsage> {
    return (await this.#core.run?.vm.usage()) ?? { rssBytes: 0, cpuTimeMs: 0 };
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
    const decision = decide(standingOf(this.#core), pending, request);
    if (decision.do === "ignore") return Promise.resolve();
    if (decision.do === "deny") return Promise.reject(denial(name, decision.reason));
    this.#pending.add(request);
    if (ENDS_WAITING.includes(request)) this.#core.waiting?.abort();
    return this.#mailbox.ask({ is: request, options });
  }

  /** True while a VM has the instance's disks, or is about to get them. */
  get usesDisks(): boolean {
    return usesDisks(this.#core);
  }

  /** Adds a volume, whose rules the caller has judged. Throws a refusal `FailedWrongVmState` unless the instance is stopped. */
  attachVolume(attachment: Attachment): void {
    attachVolume(this.#core, attachment);
  }

  /** Takes a volume off at once, or, while a VM has it, when that has ended. */
  detachVolume(volumeUuid: string): void {
    detachVolume(this.#core, volumeUuid);
  }

  /** Changes what the instance is to be, at once or when its VM has ended. Throws as {@link changeDefinition}. */
  change(change: InstanceChange): void {
    changeDefinition(this.#core, change);
    removeIfDone(this.#core); // a lock may have held it back
  }

  /** Changes a template or checkpoint. Throws as {@link frozenChange}. */
  changeFrozen(change: FrozenChange): void {
    const { record, around } = this.#core;
    this.#core.redefine(frozenChange(record.definition, change, around.patchContext(record)));
  }

  /** What made it manages it no more: from now on it is its owner's like any other. Throws as `intend` does. */
  letGo(): void {
    const { autoscaledBy: _, ...own } = this.record.definition;
    this.#core.redefine(own);
  }

  /** Another instance was made from it. */
  noteUse(): void {
    if (neverRuns(this.state)) this.#core.publish({ lastUsedAt: Date.now() });
  }

  /** Takes over a VM of an earlier daemon, in whatever state that left it. */
  adopt(vm: Vm): void {
    takeOver(this.#core, vm);
  }

  /** Notes that the VM ended while no daemon ran, and applies the restart policy; what slept goes on sleeping. */
  foundDead(exit: VmExit): void {
    const { state, becomesTemplate } = this.record.status;
    if (state === "stopped") noteFrozenLost(this.#core);
    else if (state === "standby" && becomesTemplate !== true) noteStandbyLost(this.#core);
    else noteExit(this.#core, exit);
  }

  /** Continues what a daemon before this one began with a stopped instance: a restart sequence, or its end. */
  resumeStopped(): void {
    resumeStopped(this.#core);
  }

  /** The service's ports changed: what answered before may not answer now. */
  portsChanged(): void {
    const { run } = this.#core;
    if (run !== undefined && this.state === "running") probe(this.#core, run);
  }

  /** The proxy handed a connection or request to it. */
  requestHandled(): void {
    const { definition, status } = this.record;
    if (definition.autokill.numRequests > 0) this.#core.publish({ requests: (status.requests ?? 0) + 1 });
  }

  /** The proxy's count of open connections changed. */
  connectionsChanged(count: number): void {
    armSleep(this.#core, count);
  }

  /** Lets go: the VM runs on and nothing is written any more. */
  release(): void {
    this.#mailbox.close();
    this.#core.release();
  }

  async #begin({ is: request, options }: Accepted): Promise<void> {
    if (request !== "delete") this.#pending.delete(request);
    try {
      await this.#act(request, options);
    } catch (error) {
      this.#pending.delete(request);
      throw error;
    }
  }

  #act(request: InstanceRequest, options: RequestOptions): Promise<void> | void {
    const core = this.#core;
    switch (request) {
      case "start":
      case "wake":
        return core.state === "stopped" || core.state === "standby" ? start(core, false) : undefined;
      case "restart":
        return core.state === "stopped" ? start(core, true) : undefined;
      case "stop":
        return stop(core, options.drainTimeoutMs ?? 0);
      case "force-stop":
        return forceStop(core);
      case "suspend":
        return suspend(core, options.drainTimeoutMs ?? 0);
      case "freeze":
        return freeze(core, options.frozenAutokillMs ?? 0);
      case "sleep":
        return fallAsleep(core);
      case "delete":
        return remove(core);
    }
  }

  async #observe(event: InstanceEvent): Promise<void> {
    const core = this.#core;
    const { run } = event;
    if (run !== core.run) return; // of a life that is over
    switch (event.is) {
      case "started":
        return noteStarted(core, run);
      case "answered":
        return noteAnswered(core, run);
      case "healthy":
        return core.publish({ restart: undefined });
      case "drained":
        if (core.state !== "draining") return;
        return standingOf(core).suspending === true ? freezeDrained(core, run) : shutDown(core, false);
      case "exited":
        run.over.abort();
        run.phase.abort();
        core.run = undefined;
        return noteExit(core, event.exit);
    }
  }
}
