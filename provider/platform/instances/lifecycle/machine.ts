/** What the parts of an actor share: the record, the VM's present life, timers, and the platform around. */
import { errorMessage } from "../../../base/errors";
import type { InstanceState } from "../../../contract/models";
import type { Rotation } from "../../proxy/rotation";
import type { VolumeAttachment, InstanceDefinition, InstanceRecord } from "../../store/instances";
import type { VmExit } from "../../vmm/vmm";
import type { InstanceRequest } from "./decideRequest";
import { applyStatusChange, type StatusChange } from "../statusChanges";
import type { VmSession } from "./vmSession";
import type { StopRequest } from "./stopReason";
import type { InstanceEnvironment } from "../environment";
import { rotationStateOf } from "./transitions";
import { WakeupMetrics } from "../wakeups";

/** Something that happened to a VM. */
export type InstanceEvent =
  | { readonly is: "started" | "answered" | "drained" | "healthy"; readonly run: VmSession }
  | { readonly is: "exited"; readonly run: VmSession; readonly exit: VmExit };

/** How the parts speak to the actor. */
export interface ActorInbox {
  post(event: InstanceEvent): void;
  request(request: InstanceRequest): Promise<void>;
  /** True when a stop or delete was accepted and not yet begun. */
  hasPendingEnd(): boolean;
}

/** Pause before what failed, such as the write of a fact, is tried again. */
const RETRY_DELAY_MS = 1_000;

const UP_STATES: readonly InstanceState[] = ["starting", "running", "draining", "stopping"];

/** One instance and its VM, as the actor's parts see it. */
export class InstanceMachine {
  readonly env: InstanceEnvironment;
  readonly inbox: ActorInbox;
  readonly wakeups = new WakeupMetrics();
  session: VmSession | undefined;
  restartTimer: NodeJS.Timeout | undefined;
  cooldownTimer: NodeJS.Timeout | undefined;
  /** A start that waits for other instances; a stop or delete ends it. */
  startAbort: AbortController | undefined;
  #persistRetryTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #record: InstanceRecord;
  #closed = false;

  constructor(record: InstanceRecord, env: InstanceEnvironment, inbox: ActorInbox) {
    this.#record = record;
    this.env = env;
    this.inbox = inbox;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  get state(): InstanceState {
    return this.#record.status.state;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Milliseconds of all runs, the present one included. */
  get uptimeMs(): number {
    const { uptimeMs, startedAt } = this.#record.status;
    return UP_STATES.includes(this.state) && startedAt !== undefined ? uptimeMs + Date.now() - startedAt : uptimeMs;
  }

  get service(): ReturnType<InstanceEnvironment["serviceOf"]> {
    return this.env.serviceOf(this.#record);
  }

  get rotation(): Rotation | undefined {
    return this.service?.rotation;
  }

  /** True while the instance has a VM that is frozen. */
  get isPaused(): boolean {
    return this.session !== undefined && (this.state === "standby" || this.state === "stopped");
  }

  /** Who asked for the stop that is under way. */
  get stopRequest(): StopRequest {
    const { stopAskedBy, stopForced } = this.#record.status;
    return { requestedBy: stopAskedBy === "suspend" ? "user" : stopAskedBy, forced: stopForced };
  }

  /** An intention, or what somebody is told: it is written before it counts. Throws when it cannot be; nothing has changed then. */
  persistThenApply(change: StatusChange): void {
    if (this.#closed) return;
    const after = applyStatusChange(this.#record, change);
    this.env.saveStatus(after.uuid, after.status);
    this.#commit(after);
  }

  /** A fact: it counts whether or not it can be written. A write that fails is logged and repeated until one succeeds. */
  applyThenPersist(change: StatusChange): void {
    if (this.#closed) return;
    this.#record = applyStatusChange(this.#record, change);
    this.#persistStatus();
  }

  #persistStatus(): void {
    try {
      this.env.saveStatus(this.#record.uuid, this.#record.status);
      this.#commit(this.#record);
    } catch (error) {
      this.log("instance.not-written", { reason: errorMessage(error) });
      clearTimeout(this.#persistRetryTimer);
      this.#persistRetryTimer = setTimeout(() => this.#persistStatus(), RETRY_DELAY_MS);
      this.env.notifyChange();
    }
  }

  /** What is written is so. */
  #commit(record: InstanceRecord): void {
    clearTimeout(this.#persistRetryTimer);
    this.#record = record;
    this.env.notifyChange();
  }

  /** Gives the instance another definition, which the next VM gets, and says what is left to change. Throws as {@link persistThenApply}. */
  replaceDefinition(definition: InstanceDefinition, change: StatusChange = {}): void {
    if (this.#closed) return;
    const after = applyStatusChange({ ...this.#record, definition }, change);
    this.env.saveDefinition(after.uuid, definition, after.status);
    this.#commit(after);
  }

  /** Gives the instance other volumes, which the next VM gets, and says what is left to change. Throws as {@link persistThenApply}. */
  replaceVolumes(volumes: readonly VolumeAttachment[], change: StatusChange = {}): void {
    if (this.#closed) return;
    const after = applyStatusChange({ ...this.#record, volumes }, change);
    this.env.saveVolumes(after.uuid, volumes, after.status);
    this.#commit(after);
  }

  /** Takes the instance out of its service for good, and says what became of it. Throws as {@link persistThenApply}. */
  leaveService(change: StatusChange): void {
    if (this.#closed) return;
    const { serviceUuid } = this.#record;
    const after = applyStatusChange({ ...this.#record, serviceUuid: undefined }, change);
    this.env.saveWithoutService(after.uuid, after.status);
    this.#commit(after);
    if (serviceUuid !== undefined) this.env.onServiceLeft(serviceUuid);
  }

  /** Puts the instance where its status says into its service's rotation. */
  updateRotation(): void {
    const { uuid, status } = this.#record;
    if (!status.deleting) this.rotation?.setState(uuid, rotationStateOf(status));
  }

  /** Tries something that failed once more after a pause; what is asked for last replaces what waits. */
  retryLater(act: () => void): void {
    if (this.#closed) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(act, RETRY_DELAY_MS);
  }

  log(event: string, facts: Readonly<Record<string, string | number | undefined>> = {}): void {
    this.env.log.write(event, { uuid: this.#record.uuid, name: this.#record.name, ...facts });
  }

  /** Lets go: the VM runs on and nothing is written any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.restartTimer);
    clearTimeout(this.cooldownTimer);
    clearTimeout(this.#persistRetryTimer);
    clearTimeout(this.#retryTimer);
    this.startAbort?.abort();
    this.session?.ended.abort();
    this.session?.phase.abort();
    this.session?.vm.disconnect();
  }
}
