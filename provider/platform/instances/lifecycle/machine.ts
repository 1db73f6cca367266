/** The state that an actor shares with its step functions: record, current VM session, timers and environment. */
import { errorMessage } from "../../../base/errors";
import type { InstanceState } from "../../../contract/models";
import type { Rotation } from "../../proxy/rotation/rotation";
import type { VolumeAttachment, InstanceDefinition, InstanceRecord } from "../../store/instances";
import type { VmExit } from "../../vmm/vmm";
import type { InstanceRequest } from "./decideRequest";
import { applyStatusChange, type StatusChange } from "../statusChanges";
import type { VmSession } from "./vmSession";
import type { StopRequest } from "./stopReason";
import type { InstanceEnvironment } from "../environment";
import { rotationStateOf } from "./transitions";
import { WakeupMetrics } from "../wakeups";

/**
 * An event of a VM session.
 *
 * - `started`: the guest's program runs
 * - `listening`: every port is ready
 * - `ready`: the readiness probe has passed, too
 * - `healthy`: the session has lasted long enough to reset the restart back-off
 * - `proven`: the session has lasted long enough to take the addresses that another instance has, if its readiness probe has passed
 * - `drained`: connections have closed, or the drain timeout has passed
 * - `control-files`: what the guest's program asks for may have changed
 * - `exited`: the VM is gone
 */
export type InstanceEvent =
  | { readonly is: "started" | "drained" | "healthy" | "proven" | "control-files"; readonly session: VmSession }
  /** `phase`: the probes that found it. */
  | { readonly is: "listening" | "ready"; readonly session: VmSession; readonly phase: AbortSignal }
  | { readonly is: "exited"; readonly session: VmSession; readonly exit: VmExit };

/** How step functions reach the actor. */
export interface ActorInbox {
  post(event: InstanceEvent): void;
  request(request: InstanceRequest): Promise<void>;
  /** True when a stop, delete or conversion is accepted but not yet begun. */
  hasPendingEnd(): boolean;
  /** True when any request is accepted but not yet begun. */
  isAwaited(): boolean;
}

/** Delay before a failed step, such as a database write, is retried. */
const RETRY_DELAY_MS = 1_000;

const UP_STATES: readonly InstanceState[] = ["starting", "running", "draining", "stopping"];

/** One instance and its VM, as the step functions see it. */
export class InstanceMachine {
  readonly env: InstanceEnvironment;
  readonly inbox: ActorInbox;
  readonly wakeups = new WakeupMetrics();
  /** The current session; `undefined` without a VM. */
  session: VmSession | undefined;
  /** Requests the next restart of a restart sequence. */
  restartTimer: NodeJS.Timeout | undefined;
  /** Requests standby after the cooldown. */
  cooldownTimer: NodeJS.Timeout | undefined;
  /** Requests that the paused VM is saved. */
  saveTimer: NodeJS.Timeout | undefined;
  /** Cancels a save; set while one is under way. Every other request cancels it. */
  saveAbort: AbortController | undefined;
  /** How many commands need it awake. */
  awakeHolds = 0;
  /** Aborts a start that waits for other instances; set while it waits. A stop or delete aborts it. */
  startAbort: AbortController | undefined;
  #persistRetryTimer: NodeJS.Timeout | undefined;
  /** Failures that are logged and still go on: the reason of each event. */
  readonly #loggedFailures = new Map<string, string>();
  #retryTimer: NodeJS.Timeout | undefined;
  #record: InstanceRecord;
  #closed = false;

  constructor(record: InstanceRecord, env: InstanceEnvironment, inbox: ActorInbox) {
    this.#record = record;
    this.env = env;
    this.inbox = inbox;
  }

  /** The current record; replaced by every change. */
  get record(): InstanceRecord {
    return this.#record;
  }

  get state(): InstanceState {
    return this.#record.status.state;
  }

  /** True after {@link close}. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Total milliseconds of all sessions, including the current one. A clock that is set back takes nothing off the earlier ones. */
  get uptimeMs(): number {
    const { uptimeMs, startedAt } = this.#record.status;
    if (!UP_STATES.includes(this.state) || startedAt === undefined) return uptimeMs;
    return uptimeMs + Math.max(0, Date.now() - startedAt);
  }

  /** The rotation and ports of its service; `undefined` without a service. */
  get service(): ReturnType<InstanceEnvironment["serviceOf"]> {
    return this.env.serviceOf(this.#record);
  }

  get rotation(): Rotation | undefined {
    return this.service?.rotation;
  }

  /** True while the instance has a paused VM. */
  get isPaused(): boolean {
    return this.session !== undefined && (this.state === "standby" || this.state === "stopped");
  }

  /** Who requested the current stop, and whether it is forced. */
  get stopRequest(): StopRequest {
    const { stopAskedBy, stopForced } = this.#record.status;
    return { requestedBy: stopAskedBy === "suspend" ? "user" : stopAskedBy, forced: stopForced };
  }

  /**
   * Writes the change to the database, then applies it. For changes that must survive a crash. If the write fails,
   * throws and changes nothing.
   */
  persistThenApply(change: StatusChange): void {
    if (this.#closed) return;
    const after = applyStatusChange(this.#record, change);
    this.env.saveStatus(after.uuid, after.status);
    this.#commit(after);
  }

  /**
   * Applies the change, then writes it. For what has already happened: a failed write is retried until it succeeds. The log has it
   * once, however long it takes, and again when it is written.
   */
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
      this.logFailure("instance.not-written", errorMessage(error));
      clearTimeout(this.#persistRetryTimer);
      this.#persistRetryTimer = setTimeout(() => this.#persistStatus(), RETRY_DELAY_MS);
      this.env.notifyChange();
    }
  }

  /** Makes a record that was written the current one. */
  #commit(record: InstanceRecord): void {
    clearTimeout(this.#persistRetryTimer);
    if (this.#loggedFailures.has("instance.not-written")) this.log("instance.written");
    this.#loggedFailures.clear();
    this.#record = record;
    this.env.notifyChange();
  }

  /**
   * Replaces the definition and applies `change` to the status, in one write. The next VM gets the definition. Throws
   * like {@link persistThenApply}.
   */
  replaceDefinition(definition: InstanceDefinition, change: StatusChange = {}): void {
    if (this.#closed) return;
    const after = applyStatusChange({ ...this.#record, definition }, change);
    this.env.saveDefinition(after.uuid, definition, after.status);
    this.#commit(after);
  }

  /**
   * Replaces the volumes and applies `change` to the status, in one write. The next VM gets the volumes. Throws like
   * {@link persistThenApply}.
   */
  replaceVolumes(volumes: readonly VolumeAttachment[], change: StatusChange = {}): void {
    if (this.#closed) return;
    const after = applyStatusChange({ ...this.#record, volumes }, change);
    this.env.saveVolumes(after.uuid, volumes, after.status);
    this.#commit(after);
  }

  /** Takes its addresses from the instance that has them. Throws like {@link persistThenApply}. */
  takeAddresses(): void {
    if (this.#closed) return;
    const after = applyStatusChange(this.#record, { takeOverAfterMs: undefined });
    this.env.takeAddresses(after);
    this.#commit(after);
  }

  /**
   * Removes the instance from its service and applies `change` to the status, in one write. Throws like
   * {@link persistThenApply}.
   */
  leaveService(change: StatusChange): void {
    if (this.#closed) return;
    const { serviceUuid } = this.#record;
    const after = applyStatusChange({ ...this.#record, serviceUuid: undefined }, change);
    this.env.saveWithoutService(after.uuid, after.status);
    this.#commit(after);
    if (serviceUuid !== undefined) this.env.onServiceLeft(serviceUuid);
  }

  /** Updates the instance's state in its service's rotation to match its status. */
  updateRotation(): void {
    const { uuid, status } = this.#record;
    if (!status.deleting) this.rotation?.setState(uuid, rotationStateOf(status));
  }

  /** Tells its service's rotation what the definition says about its connections. */
  configureRotation(): void {
    const { uuid, definition, status } = this.#record;
    if (status.deleting) return;
    this.rotation?.configure(uuid, {
      withdrawn: definition.rotation === "out",
      holdTimeoutMs: definition.readinessProbe?.hold_timeout_ms,
    });
  }

  /** Retries a failed step after {@link RETRY_DELAY_MS}. A later call replaces a waiting one. */
  retryLater(act: () => void): void {
    if (this.#closed) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(act, RETRY_DELAY_MS);
  }

  /** Logs an event with the uuid and name of the instance. */
  log(event: string, fields: Readonly<Record<string, string | number | undefined>> = {}): void {
    this.env.log.write(event, { uuid: this.#record.uuid, name: this.#record.name, ...fields });
  }

  /**
   * Logs the failure of a step that is retried, such as each second while the disk is full: once, and again with another reason, or after
   * something was written meanwhile.
   *
   * @param step what failed, where several steps have the same event
   */
  logFailure(event: string, reason: string, step?: string): void {
    const key = step === undefined ? event : `${event} ${step}`;
    if (this.#loggedFailures.get(key) === reason) return;
    this.#loggedFailures.set(key, reason);
    this.log(event, { on: step, reason });
  }

  /** Disconnects from the VM, which keeps running. Nothing is written after this. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.restartTimer);
    clearTimeout(this.cooldownTimer);
    clearTimeout(this.saveTimer);
    clearTimeout(this.#persistRetryTimer);
    clearTimeout(this.#retryTimer);
    this.startAbort?.abort();
    this.saveAbort?.abort();
    this.session?.ended.abort();
    this.session?.phase.abort();
    this.session?.vm.disconnect();
  }
}
