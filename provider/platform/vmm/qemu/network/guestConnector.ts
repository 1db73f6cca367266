/**
 * Connects to one port of a guest, through several of QEMU's host forwards.
 *
 * Many connections at once get lost on this way. QEMU's forwards listen with a backlog of 1, so Linux drops a SYN that arrives before QEMU
 * has accepted two others. And a guest whose backlog is full drops the end of a handshake; slirp then considers the connection open, but
 * never repeats the data that it has sent. So connections start as fast as the guest is sure to take them:
 *
 * ```text
 * connect ─► wait in the queue
 *              │ newConnections.ts
 *              ├─ few connections are new ─────────────────────► connect, hand over at once
 *              │
 *              └─ many are new, and no handshake is under way ─► connect, ask QEMU until the guest has accepted, hand over
 *                                                                  │
 *                                                                  └─ not in time: the guest's backlog is full;
 *                                                                     close, wait in the queue again
 * ```
 *
 * A connection is new until the guest has sent data over it, and for a few seconds at most.
 */
import type * as net from "node:net";
import { setImmediate } from "node:timers/promises";
import { systemClock } from "../../../../base/clock";
import type { ConnectOptions } from "../../vmm";
import { connectLoopback } from "./connectLoopback";
import { MAX_UNANSWERED, type NewConnection, NewConnections, type UnacceptedConnection } from "./newConnections";
import { SourcePorts } from "./sourcePorts";

/** Each of the connections that start at the same time has one. */
const MAX_FORWARDS = MAX_UNANSWERED;
/** Loopback connects in well under a millisecond, unless the backlog is full. */
const ACCEPT_TIMEOUT_MS = 50;
/** Without a connection for this long, the guest counts as not responding, and those in the queue get none. */
const STALLED_AFTER_MS = 5000;
/** First pause between two questions to QEMU; it doubles while nothing starts. */
const POLL_MS = 2;
const POLL_MAX_MS = 32;

/** The host forwards to one guest port. */
export interface ForwardSource {
  /** Host ports of `count` further forwards. Throws when the VM is gone. */
  add(count: number): Promise<readonly number[]>;
  /** The connections that the guest has not accepted yet. Throws when the VM is gone. */
  findUnaccepted(): Promise<readonly UnacceptedConnection[]>;
  /** True if the VM runs after the call; false if it is gone. */
  isVmAlive(): Promise<boolean>;
}

/** Connects to one port of a guest. */
export class GuestConnector {
  readonly #source: ForwardSource;
  readonly #hostPorts: number[];
  readonly #sourcePorts = new SourcePorts();
  readonly #connections = new NewConnections();
  /** Connects that wait, first come, first served. */
  readonly #queue: PromiseWithResolvers<NewConnection | undefined>[] = [];
  #startCount = 0;
  /** When a connection was last handed over, or the queue began. */
  #progressMs = 0;
  #mayGrow = true;
  #isPolling = false;

  /** @param hostPorts forwards that exist; there is at least one */
  constructor(source: ForwardSource, hostPorts: readonly number[]) {
    this.#source = source;
    this.#hostPorts = [...hostPorts];
  }

  /**
   * An open connection, or `undefined` if the guest did not accept one in time. Throws the signal's reason when it aborts, and
   * `VMM_FAILED` or a socket's error when the VM is gone.
   */
  async connect({ timeoutMs, signal }: ConnectOptions): Promise<net.Socket | undefined> {
    for (let deadlineMs = Infinity; performance.now() < deadlineMs;) {
      const connection = await this.#nextTurn(signal, deadlineMs < Infinity);
      if (connection === undefined) return undefined;
      deadlineMs = Math.min(deadlineMs, performance.now() + timeoutMs);
      const socket = await this.#open(connection, signal);
      if (socket === undefined) continue;
      this.#progressMs = performance.now();
      return socket;
    }
    return undefined;
  }

  /** Waits in the queue; `undefined` if the guest does not respond. A connect that is repeated is the next one. */
  async #nextTurn(signal: AbortSignal, isRepeated: boolean): Promise<NewConnection | undefined> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<NewConnection | undefined>();
    const leave = (): void => {
      const index = this.#queue.indexOf(turn);
      if (index >= 0) this.#queue.splice(index, 1);
      turn.reject(signal.reason as Error);
    };
    signal.addEventListener("abort", leave, { once: true });
    if (this.#queue.length === 0 && !isRepeated) this.#progressMs = performance.now();
    if (isRepeated) this.#queue.unshift(turn);
    else this.#queue.push(turn);
    this.#admit();
    try {
      return await turn.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Connects to the forward, and waits for the guest if there are many; `undefined` if either does not accept in time. */
  async #open(connection: NewConnection, signal: AbortSignal): Promise<net.Socket | undefined> {
    const end = (): void => {
      this.#connections.end(connection);
      this.#admit();
    };
    let socket: net.Socket | undefined;
    try {
      const target = {
        ...{ port: connection.hostPort, sourcePorts: this.#sourcePorts, timeoutMs: ACCEPT_TIMEOUT_MS },
        isVmAlive: () => this.#source.isVmAlive(),
      };
      socket = await connectLoopback(target, signal);
    } finally {
      if (socket === undefined) end();
    }
    if (socket === undefined) return undefined;
    connection.socket = socket.on("error", () => undefined).once("close", end); // 'close' follows an error
    if (!connection.isAwaited) return socket;
    void this.#poll();
    if (await unlessAborted(connection.outcome, socket, signal)) return socket;
    socket.destroy();
    signal.throwIfAborted();
    return undefined;
  }

  /** Starts those in the queue that the guest is sure to take. */
  #admit(): void {
    while (this.#queue.length > 0 && this.#connections.mayStart(this.#hostPorts.length)) {
      const busy = new Set(this.#connections.handshakes().map(({ hostPort }) => hostPort));
      const hostPort = this.#hostPorts.find((port) => !busy.has(port)) ?? this.#hostPorts[0] ?? 0;
      this.#startCount++;
      this.#queue.shift()?.resolve(this.#connections.start(hostPort));
    }
    if (this.#queue.length === 0) return;
    void this.#grow();
    void this.#poll();
  }

  async #grow(): Promise<void> {
    const count = MAX_FORWARDS - this.#hostPorts.length;
    if (count <= 0 || !this.#mayGrow) return;
    this.#mayGrow = false;
    try {
      this.#hostPorts.push(...(await this.#source.add(count)));
    } catch {
      return; // those that exist will do; whether the VM is gone, the next question tells
    }
    this.#admit();
  }

  /** As long as someone waits: asks QEMU which connections the guest has not accepted. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      for (let pauseMs = POLL_MS; this.#queue.length > 0 || this.#connections.isAwaited;) {
        const startCount = this.#startCount;
        await systemClock.sleep(pauseMs);
        const asked = this.#connections.handshakes().filter(({ socket }) => socket !== undefined);
        if (this.#connections.needsAnswer) this.#connections.judge(asked, await this.#source.findUnaccepted());
        await setImmediate(); // a connect that must be repeated returns to the head of the queue
        this.#admit();
        if (performance.now() - this.#progressMs > STALLED_AFTER_MS)
          for (const turn of this.#queue.splice(0)) turn.resolve(undefined);
        pauseMs = this.#startCount > startCount ? POLL_MS : Math.min(2 * pauseMs, POLL_MAX_MS);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isPolling = false;
    }
  }

  /** The VM is gone: nobody gets a connection any more. */
  #fail(error: unknown): void {
    for (const turn of this.#queue.splice(0)) turn.reject(error);
    this.#connections.endAll();
  }
}

/** The outcome; the socket is destroyed if the signal aborts. */
async function unlessAborted(outcome: Promise<boolean>, socket: net.Socket, signal: AbortSignal): Promise<boolean> {
  const abort = (): void => void socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await outcome;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
