/** A connection to an instance, counted from the moment it is open until it is released. */
import type * as net from "node:net";
import type { ConnectionTraffic } from "./traffic";

/** The part of a VM that the proxy needs. */
export interface ConnectTarget {
  /** As of the VM. */
  connect(
    guestPort: number,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<net.Socket | undefined>;
}

/** An open connection to an instance, used by one client. */
export interface Lease {
  readonly socket: net.Socket;
  /** Records what passes over the connection. */
  readonly traffic: ConnectionTraffic;
  /** True once the instance drains: the client must finish or move to another instance. */
  draining: boolean;
  /** Called when `draining` becomes true; set by the user of the lease. */
  onDrain: () => void;
  /** Stops counting the connection, without closing the socket. Idempotent. */
  release(): void;
}
