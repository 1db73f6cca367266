/** What a rotation knows of one instance, and how a connection to it begins and ends. */
import type { Candidate } from "./chooseInstance";
import { type DrainLimits, DrainRecord } from "../drainCounts";
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
  traffic: new InstanceTraffic(),
  drain: undefined,
});

/** Its open connections, including those that are being established. */
export const connectionCountOf = ({ leases, connects }: RotationMember): number => leases.size + connects.size;

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
  if (socket === undefined || member.state !== "ready" || member.settings.withdrawn) {
    socket?.destroy();
    events.onChange();
    return undefined;
  }
  const traffic = new ConnectionTraffic(socket, () => events.onRequest());
  const lease: Lease = {
    socket,
    traffic,
    draining: undefined,
    onDrain: () => undefined,
    release: (end) => {
      if (!member.leases.delete(lease)) return;
      member.drain?.count(end);
      member.traffic.removeConnection(traffic);
      events.onCount();
      events.onChange();
    },
  };
  member.leases.add(lease);
  member.traffic.addConnection(traffic);
  events.onCount();
  return lease;
}
