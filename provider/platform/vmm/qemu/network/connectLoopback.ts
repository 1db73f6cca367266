/** A TCP connection to a port of this host. */
import * as net from "node:net";

/**
 * Connects to a port on the loopback address, without Nagle's algorithm and with half-close; `undefined` if nothing has answered after
 * `timeoutMs`. Throws the socket's error, such as ECONNREFUSED, and the signal's reason when it aborts.
 */
export function connectLoopback(port: number, timeoutMs: number, signal: AbortSignal): Promise<net.Socket | undefined> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
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
