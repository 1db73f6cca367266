/** What a rotation knows of one instance, and how a connection to it begins and ends. */
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

/** One instance of a rotation. */
export interface RotationMember {
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
export const newMember = (): RotationMember => ({
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

/** Callbacks of a connection to an instance. */
export interface ConnectionEvents {
  /** It carries a request, or one more. */
  onRequest(): void;
  /** The number of the instance's connections changed. */
  onCount(): void;
  /** Anything changed that others may wait for. */
  onChange(): void;
}

/** Connects to an instance; `undefined` if it cannot be reached, or may not get connections any more. */
export async function connectTo(
  member: RotationMember,
  guestPort: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  events: ConnectionEvents,
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
    events.onChange();
    return undefined;
  }
  const traffic = new ConnectionTraffic(socket, () => events.onRequest());
  member.traffic.addConnection(traffic);
  return lend(member, { socket, traffic, guestPort }, events, false);
}

/** A connection that waits for another request, if there is one; see {@link IdleConnections.take}. */
export function takeIdle(
  member: RotationMember,
  guestPort: number,
  maxIdleMs: number,
  events: ConnectionEvents,
): Lease | undefined {
  const connection = member.idle.take(guestPort, maxIdleMs);
  return connection && lend(member, connection, events, true);
}

function lend(member: RotationMember, connection: IdleConnection, events: ConnectionEvents, isReused: boolean): Lease {
  const { socket, traffic } = connection;
  const end = (how: LeaseEnd): void => {
    member.drain?.count(how);
    events.onCount();
    events.onChange();
  };
  const lease: Lease = {
    socket,
    traffic,
    isReused,
    draining: undefined,
    onDrain: () => undefined,
    release: (how) => {
      if (!member.leases.delete(lease)) return;
      member.traffic.removeConnection(traffic);
      end(how);
    },
    keep: () => {
      if (!member.leases.delete(lease)) return;
      if (isServing(member)) member.idle.put(connection, () => member.traffic.removeConnection(traffic));
      else {
        socket.destroy();
        member.traffic.removeConnection(traffic);
      }
      end("finished");
    },
  };
  member.leases.add(lease);
  events.onCount();
  return lease;
}
