/**
 * Copies bytes between one client and an instance, with back-pressure and half-close.
 *
 * An instance's connection that fails resets the client's, because what the client has got may be a part.
 *
 * A half-closed HTTP connection leaves the instance once its last response is complete, because some guests never close theirs.
 *
 * When the instance drains, the connection moves to another instance or ends, but never in the middle of an HTTP exchange. Between
 * two exchanges it leaves at once, and the next request goes to another instance, for which it waits as a new connection does. So a
 * client that sends one request after the other does not hold up the drain. If the protocol is not HTTP, the connection is closed
 * when it is idle.
 */
import type * as net from "node:net";
import type { LeaseEnd } from "./drainCounts";
import { HttpExchanges, startsHttpRequest } from "./httpExchanges";
import { type ConnectionFacts, idleLimitMs, isHalfClosed } from "./idleConnection";
import { resetConnection } from "./resetConnection";
import type { Lease } from "./rotation/lease";

/** Options of a splice. */
export interface SpliceOptions {
  /** Milliseconds without a byte after which a draining connection is closed. */
  readonly drainIdleMs: number;
  /** True if another instance is ready now. */
  readonly isNextReady: () => boolean;
  /** Connects to an instance as for a new connection, which may wait; `undefined` when there is none in time. */
  readonly acquire: () => Promise<Lease | undefined>;
  /** Answers a client whose request no instance will get. */
  readonly reject: (client: net.Socket) => void;
}

/** How long a client without an instance may take to send its next request. Keep-alive timeouts of servers are of this order. */
const PARKED_MS = 60_000;

/** As {@link splice}, for a connection that is no longer HTTP: it stays with its instance. */
export function spliceTunnel(client: net.Socket, lease: Lease, drainIdleMs: number): Promise<void> {
  return new Promise((resolve) => {
    const stays = { isNextReady: () => false, acquire: () => Promise.resolve(undefined), reject: () => undefined };
    new Splice(client, { drainIdleMs, ...stays }, resolve).startTunnel().attach(lease);
  });
}

/**
 * Connects a client, whose socket is paused, to the instance of `lease`; resolves when the client's connection has
 * closed.
 */
export function splice(client: net.Socket, lease: Lease, options: SpliceOptions): Promise<void> {
  return new Promise((resolve) => {
    new Splice(client, options, resolve).attach(lease);
  });
}

class Splice implements ConnectionFacts {
  readonly exchanges = new HttpExchanges(() => this.#lease?.traffic.recordRequest());
  lastFrom: ConnectionFacts["lastFrom"];
  clientEnded = false;
  instanceEnded = false;
  readonly #client: net.Socket;
  readonly #options: SpliceOptions;
  /** `undefined` between two instances. */
  #lease: Lease | undefined;
  /** When a byte or the end of a side passed last. */
  #movedAtMs = performance.now();
  /** What the client sends while it waits for another instance. */
  #held: Buffer[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = {
    data: (chunk: Buffer): void => this.#fromClient(chunk),
    end: (): void => this.#clientEnded(),
    drain: (): void => void this.#lease?.socket.resume(),
    finish: (): void => {
      if (this.clientEnded) this.#client.destroy();
    },
  };

  constructor(client: net.Socket, options: SpliceOptions, onClosed: () => void) {
    this.#client = client;
    this.#options = options;
    for (const [event, listener] of Object.entries(this.#listeners)) client.on(event, listener);
    client.on("error", () => undefined); // 'close' follows
    client.on("close", () => {
      this.#detach("finished");
      onClosed();
    });
  }

  /** What follows is another protocol. Its last message was the instance's consent. */
  startTunnel(): this {
    this.exchanges.startTunnel();
    this.lastFrom = "instance";
    return this;
  }

  #clientEnded(): void {
    this.clientEnded = true;
    if (this.#held !== undefined) return;
    this.#lease?.socket.end();
    this.#afterBytes();
  }

  attach(lease: Lease): void {
    const { socket } = lease;
    this.#lease = lease;
    lease.onDrain = () => this.#leaveWhenIdle();
    socket.on("data", (chunk: Buffer) => this.#fromInstance(lease, chunk));
    socket.on("end", () => {
      this.instanceEnded = true;
      this.exchanges.instanceEnded();
      this.#client.end();
      this.#afterBytes();
    });
    socket.on("drain", () => this.#client.resume());
    socket.on("error", () => undefined); // 'close' follows
    socket.on("close", (isCut) => {
      // Between two HTTP exchanges, nothing that the instance has begun is missing.
      if (isCut && !this.exchanges.isIdle) resetConnection(this.#client);
      else this.#client.destroySoon();
    });
    if (lease.draining !== undefined) lease.onDrain();
    this.#client.resume();
  }

  #fromInstance({ socket, traffic }: Lease, chunk: Buffer): void {
    this.lastFrom = "instance";
    this.exchanges.fromInstance(chunk);
    traffic.recordBytes("tx", chunk.length, this.exchanges.isInFlight);
    if (!this.#client.write(chunk)) socket.pause();
    this.#afterBytes();
  }

  #fromClient(chunk: Buffer): void {
    if (this.#held !== undefined) return void this.#held.push(chunk);
    const isFirst = this.lastFrom === undefined;
    const isNew = this.exchanges.isIdle || (isFirst && startsHttpRequest(chunk));
    this.lastFrom = "client";
    // The instance took this connection before it began to drain, perhaps as the last one that it may serve.
    const mayStay = isFirst && !this.#options.isNextReady();
    if (isNew && (this.#lease === undefined || (this.#lease.draining !== undefined && !mayStay)))
      void this.#move(chunk);
    else this.#send(chunk);
  }

  #send(chunk: Buffer): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.exchanges.fromClient(chunk);
    lease.traffic.recordBytes("rx", chunk.length, this.exchanges.isInFlight);
    if (lease.socket.write(chunk)) this.#client.resume();
    else this.#client.pause();
    this.#afterBytes();
  }

  /** Continues with another instance, now that nothing is in flight. */
  async #move(request: Buffer): Promise<void> {
    this.#leave();
    const held = (this.#held = [request]);
    this.#client.pause();
    const next = await this.#options.acquire();
    this.#held = undefined;
    if (this.#client.destroyed) {
      next?.socket.destroy();
      return next?.release("finished");
    }
    if (next === undefined) return this.#reject(held);
    this.attach(next);
    for (const chunk of held) this.#send(chunk);
    if (this.clientEnded) next.socket.end();
  }

  /** Hands a client over whose request no instance will get. */
  #reject(request: readonly Buffer[]): void {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#client.off(event, listener);
    if (this.clientEnded) return void this.#client.destroy();
    this.#client.unshift(Buffer.concat(request));
    this.#options.reject(this.#client);
  }

  /** Leaves the instance between two exchanges; the client stays. */
  #leave(): void {
    this.#detach(this.#options.isNextReady() ? "moved" : "finished");
  }

  #detach(end: LeaseEnd): void {
    clearTimeout(this.#timer);
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    lease.socket.removeAllListeners();
    lease.socket.on("error", () => undefined);
    lease.socket.destroy();
    lease.release(end);
  }

  /** Leaves the instance, and closes the client once it has everything. */
  #finish(end: LeaseEnd): void {
    this.#detach(end);
    this.#client.destroySoon();
  }

  /** After bytes, or the end of a side. */
  #afterBytes(): void {
    this.#movedAtMs = performance.now();
    const { isAnswered, isIdle } = this.exchanges;
    if ((this.clientEnded && isAnswered) || (this.instanceEnded && isIdle)) this.#finish("finished");
    else this.#leaveWhenIdle();
  }

  /** While the instance drains: leaves it between two exchanges, or else after a time without bytes. */
  #leaveWhenIdle(): void {
    clearTimeout(this.#timer);
    const limits = this.#lease?.draining;
    if (limits === undefined || this.#held !== undefined) return;
    if (!isHalfClosed(this) && this.exchanges.awaitsRequest) {
      this.#leave();
      this.#timer = setTimeout(() => this.#finish("finished"), PARKED_MS);
      return;
    }
    const limitMs = idleLimitMs(this, limits, this.#options.drainIdleMs);
    if (limitMs === undefined) return;
    const sinceMs = isHalfClosed(this) ? performance.now() - this.#movedAtMs : 0;
    const end = isHalfClosed(this) ? "half-closed" : "finished";
    this.#timer = setTimeout(() => this.#finish(end), Math.max(0, limitMs - sinceMs));
  }
}
