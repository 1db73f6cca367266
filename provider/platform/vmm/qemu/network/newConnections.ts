/** The connections to one guest port that are new, and whether the guest is sure to take another one. Asks nobody itself. */
import type * as net from "node:net";

/** So few fit into the backlog of any server. */
export const MAX_UNANSWERED = 4;
/** After this even a slow server has accepted a connection, although it may have nothing to send yet. */
const NEW_FOR_MS = 5000;
/** Slirp repeats a SYN after six seconds, so a new connection is faster. */
const RETRY_AFTER_MS = 250;
/** QEMU may answer one question before it accepts an earlier connection, but not two: it looks at its sockets in between. */
const ANSWERS_TO_CONFIRM = 2;
/** How long a list of leftovers counts. Later, QEMU may have closed one and given its descriptor to a new connection. */
const LEFTOVERS_VALID_MS = 100;

/** A connection that QEMU has accepted and the guest has not. */
export interface UnacceptedConnection {
  /** Host port of its forward. */
  readonly hostPort: number;
  /** QEMU's file descriptor of it, which no other connection has at the same time. */
  readonly fd: number;
}

/** A connection that was started lately. */
export interface NewConnection {
  /** Host port of its forward. */
  readonly hostPort: number;
  readonly sinceMs: number;
  /** The connection is used only once the guest has accepted it. */
  readonly isAwaited: boolean;
  /** Resolves with the outcome of the handshake. */
  readonly outcome: Promise<boolean>;
  readonly settle: (isAccepted: boolean) => void;
  /** `undefined` until QEMU has accepted it. */
  socket: net.Socket | undefined;
  /**
   * - `handshake`: the guest's kernel may accept it at any time
   * - `accepted`: it has
   * - `stuck`: it has dropped the SYN; the connection is in use, so it waits until slirp repeats that
   */
  state: "handshake" | "accepted" | "stuck";
  /** Answers in a row that do not list it as unaccepted. */
  confirmations: number;
}

/** Those to one guest port. */
export class NewConnections {
  readonly #connections = new Set<NewConnection>();
  /** Descriptors of unaccepted connections that are none of the handshakes: QEMU keeps those that were given up for a while. */
  #leftovers: ReadonlySet<number> = new Set();
  #leftoversAtMs = -Infinity;

  /**
   * True if the guest is sure to take another connection: few are unanswered, or no handshake is under way. A guest answers a SYN only if
   * its backlog has room, and with a single handshake nothing else can take that room.
   *
   * @param forwards number of forwards; each takes one handshake at a time
   */
  mayStart(forwards: number): boolean {
    this.#forgetOld();
    const handshakes = this.handshakes().length;
    if (this.#connections.size < MAX_UNANSWERED) return handshakes < forwards;
    return handshakes === 0 && performance.now() - this.#leftoversAtMs < LEFTOVERS_VALID_MS;
  }

  /** True if {@link judge} must see an answer before another connection may start. */
  get needsAnswer(): boolean {
    return this.handshakes().length > 0 || this.#connections.size >= MAX_UNANSWERED;
  }

  /** Starts a connection through the forward with this host port. */
  start(hostPort: number): NewConnection {
    const { promise: outcome, resolve: settle } = Promise.withResolvers<boolean>();
    const connection: NewConnection = {
      ...{ hostPort, outcome, settle, sinceMs: performance.now() },
      isAwaited: this.#connections.size >= MAX_UNANSWERED,
      ...{ socket: undefined, state: "handshake", confirmations: 0 },
    };
    this.#connections.add(connection);
    return connection;
  }

  /** The connection has closed, or could not be opened. */
  end(connection: NewConnection): void {
    if (this.#connections.delete(connection) && connection.state !== "accepted") this.#leftoversAtMs = -Infinity;
    connection.settle(false);
  }

  /** Every connection has failed. */
  endAll(): void {
    for (const connection of [...this.#connections]) this.end(connection);
  }

  /** True while someone waits for the outcome of a handshake. */
  get isAwaited(): boolean {
    return this.handshakes().some(({ isAwaited }) => isAwaited);
  }

  /** The handshakes that are under way, with QEMU or with the guest. */
  handshakes(): readonly NewConnection[] {
    return [...this.#connections].filter(({ state }) => state === "handshake");
  }

  /**
   * Judges handshakes by QEMU's answer. An awaited handshake is the only one, so what is listed with its forward, and is no leftover, is
   * that connection.
   *
   * @param asked the handshakes before QEMU was asked
   */
  judge(asked: readonly NewConnection[], listed: readonly UnacceptedConnection[]): void {
    const unaccepted = new Set(listed.filter(({ fd }) => !this.#leftovers.has(fd)).map(({ hostPort }) => hostPort));
    const ports = new Set(listed.map(({ hostPort }) => hostPort));
    for (const connection of this.#connections)
      if (connection.state === "stuck" && !ports.has(connection.hostPort)) connection.state = "accepted";
    for (const connection of asked) {
      if (connection.socket === undefined) continue; // QEMU has not accepted it
      const isListed = unaccepted.has(connection.hostPort);
      connection.confirmations = isListed ? 0 : connection.confirmations + 1;
      if (connection.confirmations >= ANSWERS_TO_CONFIRM) {
        connection.state = "accepted";
        connection.settle(true);
      } else if (isListed && performance.now() - connection.sinceMs > RETRY_AFTER_MS) {
        if (connection.isAwaited) this.end(connection);
        else connection.state = "stuck";
      }
    }
    if (this.handshakes().length > 0) return;
    this.#leftovers = new Set(listed.map(({ fd }) => fd));
    this.#leftoversAtMs = performance.now();
  }

  #forgetOld(): void {
    for (const connection of [...this.#connections]) {
      const { socket, state, sinceMs } = connection;
      const isAnswered = socket !== undefined && socket.bytesRead > 0;
      if (isAnswered) connection.settle(true);
      const isOld = state === "accepted" && performance.now() - sinceMs > NEW_FOR_MS;
      if (isAnswered || isOld || socket?.destroyed === true) this.end(connection);
    }
  }
}
