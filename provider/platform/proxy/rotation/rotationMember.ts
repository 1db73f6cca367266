/** What a rotation knows of one instance, and how a connection to it begins and ends. */
import type * as net from "node:net";
import type { Candidate } from "./chooseInstance";
import { type DrainLimits, DrainRecord, type LeaseEnd } from "../drainCounts";
import { type IdleConnection, IdleConnections } from "./idleConnections";
import type { ConnectTarget, Lease } from "./lease";
import { ConnectionTraffic, InstanceTraffic } from "../traffic";

/** What a member's definition says about its connections. */
export interface MemberSettings {
  /** True: it gets no connections and is not woken, whatever its state. */
  readonly withdrawn: boolean;
  /** How long a connection waits for it. Milliseconds; `undefined`: the rotation's default. */
  readonly holdTimeoutMs: number | undefined;
}

/** What a member's connections report. */
export interface MemberEvents {
  /** One of them carries a request, or one more. */
  onRequest(): void;
  /** Their number changed. */
  onCount(): void;
  /** Anything changed that others may wait for. */
  onChange(): void;
}

/** One instance of a rotation. */
export interface RotationMember {
  readonly events: MemberEvents;
  settings: MemberSettings;
  state: Candidate["state"];
  target: ConnectTarget | undefined;
  /** Connects that are under way or wait for their turn. They end when the instance is no longer ready. */
  readonly connects: Set<AbortController>;
  readonly leases: Set<Lease>;
  /** Its connections between two HTTP requests. They count neither as connections nor as load. */
  readonly idle: IdleConnections;
  readonly traffic: InstanceTraffic;
  /** Its last drain, until it is started again. */
  drain: DrainRecord | undefined;
}

/** An instance that is out, and of which nothing is known yet. */
export const newMember = (events: MemberEvents): RotationMember => ({
  events,
  settings: { withdrawn: false, holdTimeoutMs: undefined },
  state: "out",
  target: undefined,
  connects: new Set(),
  leases: new Set(),
  idle: new IdleConnections(),
  traffic: new InstanceTraffic(),
  drain: undefined,
});

/** True if it may get connections. */
const isServing = ({ state, settings }: RotationMember): boolean => state === "ready" && !settings.withdrawn;

/** Its open connections, including those that are being established. */
export const connectionCountOf = ({ leases, connects }: RotationMember): number => leases.size + connects.size;

/** It gets no new connection: gives up those that are under way, and closes those that are idle. */
export function endConnects(member: RotationMember): void {
  for (const connect of member.connects) connect.abort();
  member.idle.close();
}

/** Tells the users of a member's open connections to finish or to move, and counts them. */
export function startDraining(member: RotationMember, limits: DrainLimits): DrainRecord {
  const record = (member.drain ??= new DrainRecord());
  for (const lease of [...member.leases]) {
    lease.draining = limits;
    lease.onDrain();
  }
  return record;
}

/** Connects to an instance; `undefined` if it cannot be reached, or may not get connections any more. */
export async function connectTo(
  member: RotationMember,
  guestPort: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Lease | undefined> {
  if (member.target === undefined) return undefined;
  const connect = new AbortController();
  const abort = (): void => connect.abort();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  member.connects.add(connect);
  const options = { timeoutMs, signal: connect.signal };
  const socket = await member.target.connect(guestPort, options).catch(() => undefined); // the VM or the client is gone
  member.connects.delete(connect);
  signal.removeEventListener("abort", abort);
  // One that has closed by now would never tell its client so.
  if (socket === undefined || socket.destroyed || !isServing(member)) {
    socket?.destroy();
    member.events.onChange();
    return undefined;
  }
  const traffic = new ConnectionTraffic(socket, member.events.onRequest);
  member.traffic.addConnection(traffic);
  return lend(member, { socket, traffic, guestPort }, false);
}

/** A connection that waits for another request, if there is one; see {@link IdleConnections.take}. */
export function takeIdle(member: RotationMember, guestPort: number, maxIdleMs: number): Lease | undefined {
  const connection = member.idle.take(guestPort, maxIdleMs);
  return connection && lend(member, connection, true);
}

function lend(member: RotationMember, connection: IdleConnection, isReused: boolean): Lease {
  const lease = new MemberLease(member, connection, isReused);
  member.leases.add(lease);
  member.events.onCount();
  return lease;
}

class MemberLease implements Lease {
  readonly socket: net.Socket;
  readonly traffic: ConnectionTraffic;
  readonly isReused: boolean;
  draining: DrainLimits | undefined;
  onDrain = doNothing;
  readonly #member: RotationMember;
  readonly #connection: IdleConnection;

  constructor(member: RotationMember, connection: IdleConnection, isReused: boolean) {
    this.socket = connection.socket;
    this.traffic = connection.traffic;
    this.isReused = isReused;
    this.#member = member;
    this.#connection = connection;
  }

  release(how: LeaseEnd): void {
    if (!this.#member.leases.delete(this)) return;
    this.#member.traffic.removeConnection(this.traffic);
    this.#report(how);
  }

  keep(): void {
    const { leases, idle, traffic } = this.#member;
    if (!leases.delete(this)) return;
    if (isServing(this.#member)) idle.put(this.#connection, () => traffic.removeConnection(this.traffic));
    else {
      this.socket.destroy();
      traffic.removeConnection(this.traffic);
    }
    this.#report("finished");
  }

  #report(how: LeaseEnd): void {
    this.#member.drain?.count(how);
    this.#member.events.onCount();
    this.#member.events.onChange();
  }
}

const doNothing = (): void => undefined;
