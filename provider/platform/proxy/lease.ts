/** A connection to an instance, counted from the moment it is open until it is released. */
import * as net from "node:net";
import type { ConnectionTraffic } from "./traffic";

/** The part of a VM that the proxy needs. */
export interface ForwardTarget {
  /** Host address that reaches a port inside the VM. */
  forward(guestPort: number): Promise<{ readonly host: string; readonly port: number }>;
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

/** Connects to a port inside a VM; `undefined` when that fails or the signal aborts. */
export async function connectToGuest(
  target: ForwardTarget,
  guestPort: number,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  try {
    const { host, port } = await target.forward(guestPort);
    return await new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true });
      const abort = (): void => void socket.destroy(new Error("aborted"));
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        signal.removeEventListener("abort", abort);
        socket.off("error", reject);
        resolve(socket);
      });
    });
  } catch {
    return undefined;
  }
}
