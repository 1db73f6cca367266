/** The instances of one service that may get connections, and how a connection gets one of them. */
import { type Candidate, chooseInstance, type ConnectionLimits } from "./chooseInstance";
import { Changes } from "./changes";
import { Departure } from "./departure";
import type { DrainCounts, DrainLimits } from "../drainCounts";
import type { ConnectTarget, Lease } from "./lease";
import {
  type MemberSettings,
  type RotationMember,
  connectTo,
  connectionCountOf,
  endConnects,
  newMember,
  startDraining,
  takeIdle,
} from "./rotationMember";
import { NO_TRAFFIC, type TrafficCounts } from "../traffic";
import { withTimeout } from "../../../base/timeout";
import type { Timings } from "../../timings";

/** Callbacks of a rotation. */
export interface RotationEvents {
  /** A connection needs this instance, which is in standby. */
  onWakeNeeded(uuid: string): void;
  /** The instance got a connection, or one more request on a connection that speaks HTTP. */
  onRequest(uuid: string): void;
  /** The number of open connections of the instance changed. */
  onConnectionCount(uuid: string, count: number): void;
}

/** How many connections of one service may wait for an instance. */
const MAX_WAITING_CONNECTIONS = 1024;
/** Pause before the instances are tried again when no ready one could be reached: they have just exited, or are busy. */
const RECONNECT_PAUSE_MS = 100;

/** Tracks which instances may get connections, and connects clients to them. */
export class Rotation {
  /** May be replaced at any time; open connections are not affected. */
  limits: ConnectionLimits;
  readonly #members = new Map<string, RotationMember>();
  readonly #changes = new Changes();
  readonly #departure = new Departure();
  #waitingConnections = 0;
  readonly #events: RotationEvents;
  readonly #timings: Pick<Timings, "connectTimeoutMs" | "connectionWaitMs">;

  constructor(
    limits: ConnectionLimits,
    events: RotationEvents,
    timings: Pick<Timings, "connectTimeoutMs" | "connectionWaitMs">,
  ) {
    this.limits = limits;
    this.#events = events;
    this.#timings = timings;
  }

  /** Sets the state of an instance and adds the instance if it is new. A `ready` instance needs a target. */
  setState(uuid: string, state: Candidate["state"], target?: ConnectTarget): void {
    const member = this.#memberOf(uuid);
    if (state === "starting") member.drain = undefined;
    if (member.state === "leaving" && state === "out" && !member.settings.withdrawn)
      this.#departure.record(member.settings.holdTimeoutMs);
    if (state !== "ready") endConnects(member);
    member.state = state;
    if (target !== undefined) member.target = target;
    this.#changes.notify();
  }

  /**
   * Sets what the definition of an instance says, and adds the instance if it is new. The open connections of one that is withdrawn
   * finish as in a drain: at their next request, HTTP connections move to another instance.
   */
  configure(uuid: string, settings: MemberSettings): void {
    const member = this.#memberOf(uuid);
    const isWithdrawn = settings.withdrawn && !member.settings.withdrawn;
    member.settings = settings;
    if (isWithdrawn) {
      endConnects(member);
      startDraining(member, {});
    } else if (!settings.withdrawn && member.state !== "out" && member.state !== "leaving") member.drain = undefined;
    this.#changes.notify();
  }

  /** How long a connection waits for an instance: as long as the most patient instance in rotation asks for. Milliseconds. */
  get holdTimeoutMs(): number {
    const wanted = [...this.#members.values()].flatMap(({ settings: { withdrawn, holdTimeoutMs } }) =>
      withdrawn || holdTimeoutMs === undefined ? [] : holdTimeoutMs,
    );
    if (wanted.length === 0) return this.#departure.holdTimeoutMs ?? this.#timings.connectionWaitMs;
    return Math.max(...wanted);
  }

  /** Removes an instance; its open connections continue. */
  remove(uuid: string): void {
    if (this.#members.has(uuid)) this.setState(uuid, "out");
    this.#members.delete(uuid);
    this.#changes.notify();
  }

  /** Open connections of an instance, including those that are being established. */
  connectionCount(uuid: string): number {
    const member = this.#members.get(uuid);
    return member === undefined ? 0 : connectionCountOf(member);
  }

  /**
   * Traffic of an instance; `queued` is how many connections of the service wait while this instance is starting or in
   * standby.
   */
  traffic(uuid: string): TrafficCounts & { readonly queued: number } {
    const member = this.#members.get(uuid);
    const isAwaited = !member?.settings.withdrawn && (member?.state === "starting" || member?.state === "standby");
    return { ...(member?.traffic.counts ?? NO_TRAFFIC), queued: isAwaited ? this.#waitingConnections : 0 };
  }

  /**
   * Milliseconds since a byte moved to or from an instance. 0 while an HTTP request is in flight or a connection is being
   * established; infinite without connections.
   */
  idleMs(uuid: string): number {
    const member = this.#members.get(uuid);
    if (member === undefined) return Infinity;
    return member.connects.size > 0 ? 0 : member.traffic.idleMs;
  }

  /** Closes every open connection of an instance, which are all idle. */
  closeConnections(uuid: string): void {
    this.#endConnections(uuid, undefined);
  }

  /** Cuts every open connection of an instance: clients that may have got a part are reset. */
  cutConnections(uuid: string): void {
    this.#endConnections(uuid, new Error("The instance stops in the middle."));
  }

  #endConnections(uuid: string, error: Error | undefined): void {
    const member = this.#members.get(uuid);
    for (const lease of [...(member?.leases ?? [])]) lease.socket.destroy(error);
    member?.idle.close();
  }

  /** Takes an instance out and resolves when its connections have ended, or when the signal aborts. */
  async drain(uuid: string, limits: DrainLimits, signal: AbortSignal): Promise<void> {
    this.setState(uuid, "leaving");
    const member = this.#members.get(uuid);
    member?.drain?.restart(); // it was withdrawn before
    const record = member && startDraining(member, limits);
    while (this.connectionCount(uuid) > 0 && !signal.aborted) await this.#changes.next(signal);
    record?.finish(this.connectionCount(uuid));
  }

  /** What became of the connections of an instance that drains or has drained; `undefined` once it is started again. */
  drainCounts(uuid: string): DrainCounts | undefined {
    return this.#members.get(uuid)?.drain?.counts(this.connectionCount(uuid));
  }

  /**
   * Connects to the least busy ready instance, or to another one when it cannot be reached, and again after a pause; wakes or waits
   * for an instance when none is ready. One that leaves is waited for too, because another may take its place. `undefined` when there
   * is none to wait for, too many connections wait already, or the signal aborted.
   */
  async acquire(guestPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    const tried = new Set<string>();
    while (!signal.aborted) {
      const successorMs = this.#departure.remainingMs;
      const decision = chooseInstance(this.#candidates(), this.limits, tried, successorMs > 0);
      if (decision.action === "refuse" && tried.size === 0) return undefined;
      if (decision.action === "connect") {
        if (decision.wake !== undefined) this.#events.onWakeNeeded(decision.wake);
        const lease = await this.#connect(decision.uuid, guestPort, signal);
        if (lease !== undefined) return lease;
        tried.add(decision.uuid);
        continue;
      }
      if (this.#waitingConnections >= MAX_WAITING_CONNECTIONS) return undefined;
      if (decision.action === "wake") this.#events.onWakeNeeded(decision.uuid);
      this.#waitingConnections++;
      // A ready one may accept again long before the next change.
      const pauseMs = tried.size > 0 ? RECONNECT_PAUSE_MS : successorMs || Infinity;
      await withTimeout(pauseMs, signal, (limited) => this.#changes.next(limited));
      this.#waitingConnections--;
      tried.clear();
    }
    return undefined;
  }

  /**
   * As {@link acquire}, if the instance that it would choose has an idle connection: it is idle for at most `maxIdleMs` milliseconds.
   * Otherwise `undefined`, at once.
   */
  acquireIdle(guestPort: number, maxIdleMs: number): Lease | undefined {
    const decision = chooseInstance(this.#candidates(), this.limits, new Set());
    if (decision.action !== "connect") return undefined;
    const member = this.#members.get(decision.uuid);
    const lease = member && takeIdle(member, guestPort, maxIdleMs);
    if (lease !== undefined && decision.wake !== undefined) this.#events.onWakeNeeded(decision.wake);
    return lease;
  }

  /**
   * Connects to this instance, which is woken from standby and waited for until it has passed its probe. `undefined` if it is out of
   * rotation or cannot be reached, or when the signal aborts.
   */
  async acquireFrom(uuid: string, guestPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    while (!signal.aborted) {
      const state = this.#candidates().find((one) => one.uuid === uuid)?.state ?? "out";
      if (state === "ready") return this.#connect(uuid, guestPort, signal);
      if (state === "out" || state === "leaving") return undefined;
      if (state === "standby") this.#events.onWakeNeeded(uuid);
      await this.#changes.next(signal);
    }
    return undefined;
  }

  /** True if instances are ready, and each has as many connections as it may have. */
  get isFull(): boolean {
    const ready = this.#candidates().filter(({ state }) => state === "ready");
    return ready.length > 0 && ready.every(({ connections }) => connections >= this.limits.hardLimit);
  }

  /** True if {@link acquire} would not wait. */
  get isAnyReady(): boolean {
    return chooseInstance(this.#candidates(), this.limits, new Set()).action === "connect";
  }

  #candidates(): Candidate[] {
    const candidates: Candidate[] = [];
    for (const [uuid, member] of this.#members)
      candidates.push({
        uuid,
        state: member.settings.withdrawn ? "out" : member.state,
        connections: connectionCountOf(member),
      });
    return candidates;
  }

  #memberOf(uuid: string): RotationMember {
    const known = this.#members.get(uuid);
    if (known !== undefined) return known;
    const member = newMember({
      onRequest: () => this.#events.onRequest(uuid),
      onCount: () => this.#events.onConnectionCount(uuid, this.connectionCount(uuid)),
      onChange: () => this.#changes.notify(),
    });
    this.#members.set(uuid, member);
    return member;
  }

  async #connect(uuid: string, guestPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    const member = this.#members.get(uuid);
    const limits = { timeoutMs: this.#timings.connectTimeoutMs, signal };
    return member && (await connectTo(member, guestPort, limits));
  }
}
