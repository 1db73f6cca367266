/** The instances of one service, and the way from a connection to one of them. */
import * as net from "node:net";
import { type Candidate, chooseInstance, type ConnectionLimits } from "./chooseInstance";
import { ConnectionTraffic, NO_TRAFFIC, InstanceTraffic, type TrafficCounts } from "./traffic";
import { withTimeout } from "../../base/timeout";

/** The part of a VM that a connection needs. */
export interface ForwardTarget {
  /** Address that reaches a port inside the VM. */
  forward(guestPort: number): Promise<{ readonly host: string; readonly port: number }>;
}

/** A connection to an instance, counted until it is released. */
export interface Lease {
  readonly socket: net.Socket;
  /** Told of what passes. */
  readonly traffic: ConnectionTraffic;
  /** The instance drains: finish or move, soon. */
  draining: boolean;
  /** Called when `draining` becomes true. */
  onDrain: () => void;
  release(): void;
}

/** What the rotation tells its owner. */
export interface RotationEvents {
  /** A connection wants this sleeping instance. */
  wake(uuid: string): void;
  /** An instance was handed a connection, or on one that speaks HTTP another request. */
  request(uuid: string): void;
  /** The number of open connections of an instance changed. */
  connections(uuid: string, count: number): void;
}

interface RotationMember {
  is: Candidate["is"];
  target: ForwardTarget | undefined;
  connecting: number;
  readonly leases: Set<Lease>;
  readonly traffic: InstanceTraffic;
}

/** Connections that may wait for a starting instance, per service. */
const MAX_WAITING_CONNECTIONS = 1024;
/** Pause before an instance is tried again that seemed ready and could not be reached: it probably just died. */
const RECONNECT_PAUSE_MS = 100;

/** Keeps who may get connections, and hands them out. */
export class Rotation {
  limits: ConnectionLimits;
  readonly #members = new Map<string, RotationMember>();
  readonly #changeListeners = new Set<() => void>();
  /** Connections that wait for an instance. */
  #waitingConnections = 0;
  readonly #events: RotationEvents;
  readonly #connectMs: number;

  constructor(limits: ConnectionLimits, events: RotationEvents, connectMs: number) {
    this.limits = limits;
    this.#events = events;
    this.#connectMs = connectMs;
  }

  /** Says how an instance stands; a `ready` one brings its target. */
  setState(uuid: string, is: Candidate["is"], target?: ForwardTarget): void {
    const member = this.#members.get(uuid) ?? {
      is,
      target,
      connecting: 0,
      leases: new Set(),
      traffic: new InstanceTraffic(),
    };
    member.is = is;
    if (target !== undefined) member.target = target;
    this.#members.set(uuid, member);
    this.#notifyChange();
  }

  remove(uuid: string): void {
    this.#members.delete(uuid);
    this.#notifyChange();
  }

  /** Open connections of an instance. */
  connectionCount(uuid: string): number {
    const member = this.#members.get(uuid);
    return member === undefined ? 0 : member.leases.size + member.connecting;
  }

  /** What has passed, and how many connections wait for this instance or for one like it to answer. */
  traffic(uuid: string): TrafficCounts & { readonly queued: number } {
    const member = this.#members.get(uuid);
    const awaited = member?.is === "coming" || member?.is === "asleep";
    return { ...(member?.traffic.counts ?? NO_TRAFFIC), queued: awaited ? this.#waitingConnections : 0 };
  }

  /** Milliseconds since a byte moved to or from an instance; 0 while an HTTP request is in flight or a connection is being made. */
  idleMs(uuid: string): number {
    const member = this.#members.get(uuid);
    if (member === undefined) return Infinity;
    return member.connecting > 0 ? 0 : member.traffic.idleMs;
  }

  /** Ends every open connection of an instance at once. */
  closeConnections(uuid: string): void {
    for (const lease of [...(this.#members.get(uuid)?.leases ?? [])]) lease.socket.destroy();
  }

  /** Gives an instance no new connections and resolves when its open ones are gone, or when the signal aborts. */
  async drain(uuid: string, signal: AbortSignal): Promise<void> {
    this.setState(uuid, "away");
    for (const lease of [...(this.#members.get(uuid)?.leases ?? [])]) {
      lease.draining = true;
      lease.onDrain();
    }
    while (this.connectionCount(uuid) > 0 && !signal.aborted) await this.#nextChange(signal);
  }

  /**
   * A connection to an instance: the least busy that answers, another one when it cannot be reached, held while one is
   * coming. `undefined` when there is none to wait for, or the signal aborted.
   */
  async acquire(guestPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    const tried = new Set<string>();
    while (!signal.aborted) {
      const choice = chooseInstance(this.#candidates(), this.limits, tried);
      if (choice.do === "refuse" && tried.size === 0) return undefined;
      if (choice.do === "connect") {
        if (choice.wake !== undefined) this.#events.wake(choice.wake);
        const lease = await this.#connect(choice.uuid, guestPort, signal);
        if (lease !== undefined) return lease;
        tried.add(choice.uuid);
        continue;
      }
      if (this.#changeListeners.size >= MAX_WAITING_CONNECTIONS) return undefined;
      if (choice.do === "wake") this.#events.wake(choice.uuid);
      this.#waitingConnections++;
      if (choice.do === "refuse") await withTimeout(RECONNECT_PAUSE_MS, signal, (limited) => this.#nextChange(limited));
      else await this.#nextChange(signal);
      this.#waitingConnections--;
      tried.clear();
    }
    return undefined;
  }

  /** A connection to an instance that answers right now; `undefined` when there is none. */
  async tryAcquire(guestPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    const choice = chooseInstance(this.#candidates(), this.limits, new Set());
    return choice.do === "connect" ? await this.#connect(choice.uuid, guestPort, signal) : undefined;
  }

  #candidates(): Candidate[] {
    return [...this.#members.keys()].map((uuid) => ({
      uuid,
      is: this.#members.get(uuid)?.is ?? "away",
      connections: this.connectionCount(uuid),
    }));
  }

  async #connect(uuid: string, guestPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    const member = this.#members.get(uuid);
    if (member?.target === undefined) return undefined;
    member.connecting++;
    const { target } = member;
    const socket = await withTimeout(this.#connectMs, signal, (limited) => connectTo(target, guestPort, limited));
    member.connecting--;
    if (socket === undefined || member.is !== "ready") {
      socket?.destroy();
      this.#notifyChange();
      return undefined;
    }
    const flow = new ConnectionTraffic(socket, () => this.#events.request(uuid));
    const lease: Lease = {
      socket,
      traffic: flow,
      draining: false,
      onDrain: () => undefined,
      release: () => {
        if (!member.leases.delete(lease)) return;
        member.traffic.removeConnection(flow);
        this.#events.connections(uuid, this.connectionCount(uuid));
        this.#notifyChange();
      },
    };
    member.leases.add(lease);
    member.traffic.addConnection(flow);
    this.#events.connections(uuid, this.connectionCount(uuid));
    return lease;
  }

  #notifyChange(): void {
    for (const wake of [...this.#changeListeners]) wake();
  }

  /** Resolves at the next change, or when the signal aborts. */
  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#changeListeners.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#changeListeners.add(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }
}

/** Connects; `undefined` when that fails. */
async function connectTo(
  target: ForwardTarget,
  guestPort: number,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  try {
    const { host, port } = await target.forward(guestPort);
    return await new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true });
      const giveUp = (): void => void socket.destroy(new Error("gave up"));
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        signal.removeEventListener("abort", giveUp);
        socket.off("error", reject);
        resolve(socket);
      });
    });
  } catch {
    return undefined;
  }
}
