/** A connection to an instance, counted from the moment it is open until it is released. */
import type * as net from "node:net";
import type { DrainLimits, LeaseEnd } from "../drainCounts";
import type { ConnectionTraffic } from "../traffic";

/** The part of a VM that the proxy needs. */
export interface ConnectTarget {
  /** As of the VM. */
  connect(
    guestPort: number,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<net.Socket | undefined>;
}

/** An open connection to an instance, used by one client, or for one request. */
export interface Lease {
  readonly socket: net.Socket;
  /** True if a request used the connection before. */
  readonly isReused: boolean;
  /** Records what passes over the connection. */
  readonly traffic: ConnectionTraffic;
  /** Set once the instance drains: the client must finish or move to another instance. */
  draining: DrainLimits | undefined;
  /** Called when `draining` is set; assigned by the user of the lease. */
  onDrain: () => void;
  /** Stops counting the connection, without closing the socket. Idempotent. */
  release(end: LeaseEnd): void;
  /** Releases the connection after a complete HTTP exchange, and keeps it for another request unless the instance gets none. Idempotent. */
  keep(): void;
}
