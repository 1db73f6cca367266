/** A TCP connection to a forward of QEMU on this host. */
import type * as net from "node:net";
import { GuestSocket } from "./guestSocket";
import type { SourcePorts } from "./sourcePorts";

const HOST = "127.0.0.1";
/** So many source ports in a row are hardly all in use. */
const MAX_SOURCE_PORTS = 100;
/** Errors of a source port that is in use. */
const IN_USE = ["EADDRINUSE", "EADDRNOTAVAIL"];

/** Where to connect to, and from. */
export interface LoopbackConnection {
  readonly port: number;
  readonly sourcePorts: SourcePorts;
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** As of {@link GuestSocket}. */
  readonly isVmAlive: () => Promise<boolean>;
}

/**
 * Connects to a port on the loopback address, without Nagle's algorithm and with half-close; `undefined` if nothing has answered after
 * `timeoutMs`. Throws the socket's error, such as ECONNREFUSED, and the signal's reason when it aborts.
 */
export async function connectLoopback(
  connection: LoopbackConnection,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectOnce(connection, signal);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!IN_USE.includes(code) || attempt === MAX_SOURCE_PORTS) throw error;
    }
  }
}

function connectOnce(
  { port, sourcePorts, timeoutMs, isVmAlive }: LoopbackConnection,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const target = { host: HOST, port, localAddress: HOST, localPort: sourcePorts.next() };
    const socket = new GuestSocket({ allowHalfOpen: true }, isVmAlive).setNoDelay().connect(target);
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.off("error", fail).off("connect", succeed);
    };
    const discard = (): void => {
      stop();
      socket.on("error", () => undefined).destroy();
    };
    const fail = (error: Error): void => {
      discard();
      reject(error);
    };
    const abort = (): void => fail(signal.reason as Error);
    const succeed = (): void => {
      stop();
      resolve(socket);
    };
    const giveUp = (): void => {
      if (!socket.connecting) return;
      discard();
      resolve(undefined);
    };
    // If this process was busy for longer, the answer may be there already; it is handled before giving up.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", fail).on("connect", succeed);
  });
}
