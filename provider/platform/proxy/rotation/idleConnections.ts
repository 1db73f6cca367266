/** Keeps connections of one instance open between two HTTP requests. */
import type * as net from "node:net";
import type { ConnectionTraffic } from "../traffic";

/** An open connection on which no request is in flight. */
export interface IdleConnection {
  readonly socket: net.Socket;
  readonly traffic: ConnectionTraffic;
  /** Port inside the instance. */
  readonly guestPort: number;
}

/** How long a connection is kept. Milliseconds; less than servers keep theirs (Node and Apache 5 s), so that they rarely close one first. */
const KEEP_MS = 4_000;

interface Kept {
  readonly connection: IdleConnection;
  readonly sinceMs: number;
  readonly stopWatching: () => void;
}

/** The idle connections of an instance. The one used last is used first, so that those too many time out. */
export class IdleConnections {
  /** The one that has been idle for longest comes first. */
  readonly #kept: Kept[] = [];
  readonly #keepMs: number;
  /** One timer for all: pending while any is kept, and perhaps once more. */
  #timer: NodeJS.Timeout | undefined;

  /** @param keepMs for tests */
  constructor(keepMs = KEEP_MS) {
    this.#keepMs = keepMs;
  }

  /** Keeps a connection until it is taken, either side closes it, or {@link KEEP_MS} pass; `onClosed` is called in the latter cases. */
  put(connection: IdleConnection, onClosed: () => void): void {
    const { socket } = connection;
    const drop = (): void => void socket.destroy(); // also when the instance sends bytes that nobody asked for
    const closed = (): void => {
      const index = this.#kept.indexOf(kept);
      if (index >= 0) this.#kept.splice(index, 1);
      onClosed();
    };
    const stopWatching = (): void => void socket.off("data", drop).off("end", drop).off("close", closed);
    const kept = { connection, sinceMs: performance.now(), stopWatching };
    socket.on("data", drop).on("end", drop).on("close", closed);
    this.#kept.push(kept);
    this.#timer ??= setTimeout(this.#dropOld, this.#keepMs).unref();
    if (socket.destroyed) closed();
  }

  /** Takes a connection to a port of the instance that has been idle for at most `maxIdleMs` milliseconds, if there is one. */
  take(guestPort: number, maxIdleMs: number): IdleConnection | undefined {
    const sinceMs = performance.now() - maxIdleMs;
    const isUsable = ({ connection, sinceMs: putMs }: Kept): boolean =>
      connection.guestPort === guestPort && putMs >= sinceMs && !connection.socket.destroyed;
    const index = this.#kept.findLastIndex(isUsable);
    const [kept] = index < 0 ? [] : this.#kept.splice(index, 1);
    kept?.stopWatching();
    return kept?.connection;
  }

  /** Closes all. */
  close(): void {
    for (const { connection } of [...this.#kept]) connection.socket.destroy();
  }

  readonly #dropOld = (): void => {
    const nowMs = performance.now();
    for (const { connection, sinceMs } of this.#kept) if (nowMs - sinceMs >= this.#keepMs) connection.socket.destroy();
    const next = this.#kept.find(({ connection }) => !connection.socket.destroyed);
    const pauseMs = next && Math.ceil(next.sinceMs + this.#keepMs - nowMs);
    this.#timer = pauseMs === undefined ? undefined : setTimeout(this.#dropOld, pauseMs).unref();
  };
}
