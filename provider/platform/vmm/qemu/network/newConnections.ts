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
  /** The guest's kernel has accepted it. */
  isAccepted: boolean;
  /** Answers in a row that do not list it as unaccepted. */
  confirmations: number;
}

/** Those to one guest port. */
export class NewConnections {
  readonly #connections = new Set<NewConnection>();
  /** File descriptors of connections that were given up before the guest accepted them. QEMU keeps them for a while. */
  #abandoned: ReadonlySet<number> = new Set();

  /**
   * True if the guest is sure to take another connection: few are unanswered, or no handshake is under way. A guest answers a SYN only if
   * its backlog has room, and with a single handshake nothing else can take that room.
   *
   * @param forwards number of forwards; each takes one handshake at a time
   */
  mayStart(forwards: number): boolean {
    this.#forgetOld();
    const handshakes = this.#handshakes().length;
    return this.#connections.size < MAX_UNANSWERED ? handshakes < forwards : handshakes === 0;
  }

  /** Starts a connection through the forward with this host port. */
  start(hostPort: number): NewConnection {
    const { promise: outcome, resolve: settle } = Promise.withResolvers<boolean>();
    const connection: NewConnection = {
      ...{ hostPort, outcome, settle, sinceMs: performance.now() },
      isAwaited: this.#connections.size >= MAX_UNANSWERED,
      ...{ socket: undefined, isAccepted: false, confirmations: 0 },
    };
    this.#connections.add(connection);
    return connection;
  }

  /** The connection has closed, or could not be opened. */
  end(connection: NewConnection): void {
    this.#connections.delete(connection);
    connection.settle(false);
  }

  /** Every connection has failed. */
  endAll(): void {
    for (const connection of [...this.#connections]) this.end(connection);
  }

  /** True while someone waits for the outcome of a handshake. */
  get isAwaited(): boolean {
    return this.#handshakes().some(({ isAwaited }) => isAwaited);
  }

  /** The handshakes between QEMU and the guest. */
  handshakesInGuest(): readonly NewConnection[] {
    return this.#handshakes().filter(({ socket }) => socket !== undefined);
  }

  /**
   * Judges handshakes by QEMU's answer. An awaited handshake is the only one, so what is listed with its forward is that connection.
   *
   * @param asked the handshakes before QEMU was asked
   */
  judge(asked: readonly NewConnection[], listed: readonly UnacceptedConnection[]): void {
    const unaccepted = listed.filter(({ fd }) => !this.#abandoned.has(fd));
    const late = new Set<number>();
    for (const connection of asked) {
      const isListed = unaccepted.some(({ hostPort }) => hostPort === connection.hostPort);
      connection.confirmations = isListed ? 0 : connection.confirmations + 1;
      connection.isAccepted = connection.confirmations >= ANSWERS_TO_CONFIRM;
      if (connection.isAccepted) connection.settle(true);
      else if (connection.isAwaited && performance.now() - connection.sinceMs > RETRY_AFTER_MS) {
        late.add(connection.hostPort);
        this.end(connection);
      }
    }
    const isAbandoned = ({ hostPort, fd }: UnacceptedConnection): boolean =>
      late.has(hostPort) || this.#abandoned.has(fd);
    this.#abandoned = new Set(listed.filter(isAbandoned).map(({ fd }) => fd));
  }

  #handshakes(): readonly NewConnection[] {
    return [...this.#connections].filter(({ isAccepted }) => !isAccepted);
  }

  #forgetOld(): void {
    for (const connection of [...this.#connections]) {
      const { socket, isAccepted, sinceMs } = connection;
      const isAnswered = socket !== undefined && socket.bytesRead > 0;
      if (isAnswered) connection.settle(true);
      if (isAnswered || (isAccepted && performance.now() - sinceMs > NEW_FOR_MS)) this.#connections.delete(connection);
    }
  }
}
