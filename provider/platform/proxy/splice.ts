/**
 * Copies one client's connection to an instance and back, with back-pressure and half-close.
 *
 * When the instance drains, the connection moves or ends without cutting an exchange in two: raw TCP knows no request
 * boundaries, but a client that speaks an HTTP request line right after bytes of the instance begins a new request,
 * and that one goes to another instance; a connection on which nothing moves after the instance's last byte is closed,
 * unless that was amid an HTTP response.
 */
import type * as net from "node:net";
import { type ResponseBody, advanceBody, isUnfinished } from "./httpResponseBody";
import type { Lease } from "./rotation";

/** What a splice needs beside its two ends. */
export interface SpliceOptions {
  /** Quiet time after which a draining connection is closed. */
  readonly drainIdleMs: number;
  /** Another instance that answers right now, for a connection that moves; `undefined` when there is none. */
  readonly acquireNext: () => Promise<Lease | undefined>;
}

const REQUEST_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [^ \r\n]+ HTTP\/1\.[01]\r\n/;
const REQUEST_LINE_BYTES = 8192;

const beginsHttpRequest = (chunk: Buffer): boolean =>
  REQUEST_LINE.test(chunk.subarray(0, REQUEST_LINE_BYTES).toString("latin1"));

/** Joins a client (paused) to the instance behind `lease`; resolves when the client's connection is over. */
export function splice(client: net.Socket, lease: Lease, options: SpliceOptions): Promise<void> {
  return new Promise((resolve) => {
    new Splice(client, options, resolve).attach(lease);
  });
}

class Splice {
  readonly #client: net.Socket;
  readonly #options: SpliceOptions;
  #lease: Lease | undefined;
  #draining = false;
  /** Who sent the last bytes. */
  #lastFrom: "client" | "instance" | undefined;
  /** The response that the instance is sending; `undefined` when none can be told, or it answers a HEAD. */
  #body: ResponseBody | undefined;
  #isHead = false;
  /** The client's last request was one of HTTP. */
  #isHttp = false;
  #clientEnded = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(client: net.Socket, options: SpliceOptions, over: () => void) {
    this.#client = client;
    this.#options = options;
    client.on("data", (chunk: Buffer) => this.#fromClient(chunk));
    client.on("end", () => {
      this.#clientEnded = true;
      this.#lease?.socket.end();
    });
    client.on("drain", () => this.#lease?.socket.resume());
    client.on("finish", () => this.#closeWhenBothEnded());
    client.on("error", () => undefined); // close follows
    client.on("close", () => {
      this.#detach();
      over();
    });
  }

  attach(lease: Lease): void {
    const { socket } = lease;
    this.#lease = lease;
    this.#draining = false;
    lease.onDrain = () => {
      this.#draining = true;
      this.#armIdleTimer();
    };
    socket.on("data", (chunk: Buffer) => {
      this.#lastFrom = "instance";
      this.#body = this.#isHead ? undefined : advanceBody(this.#body, chunk);
      lease.traffic.recordBytes(this.#inFlight());
      if (!this.#client.write(chunk)) socket.pause();
      this.#armIdleTimer();
    });
    socket.on("end", () => this.#client.end());
    socket.on("drain", () => this.#client.resume());
    socket.on("error", () => this.#client.destroy());
    socket.on("close", () => this.#client.destroySoon());
    if (this.#clientEnded) socket.end();
    if (lease.draining) lease.onDrain();
    this.#client.resume();
  }

  #fromClient(chunk: Buffer): void {
    clearTimeout(this.#idleTimer);
    const begins = this.#lastFrom !== "client" && !isUnfinished(this.#body);
    if (this.#lastFrom !== "client") this.#isHead = chunk.toString("latin1", 0, 5) === "HEAD ";
    if (begins) this.#isHttp = beginsHttpRequest(chunk);
    this.#lastFrom = "client";
    if (begins && this.#isHttp && this.#draining) void this.#move(chunk);
    else this.#send(chunk, begins);
  }

  #send(chunk: Buffer, begins: boolean): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    if (begins && this.#isHttp) lease.traffic.recordRequest();
    lease.traffic.recordBytes(this.#inFlight());
    if (lease.socket.write(chunk)) this.#client.resume();
    else this.#client.pause();
  }

  /** A response is owed, or the rest of one. One whose end cannot be told counts until the next request. */
  #inFlight(): boolean {
    if (!this.#isHttp) return false;
    return this.#lastFrom === "client" || (!this.#isHead && (this.#body === undefined || isUnfinished(this.#body)));
  }

  /** Goes on with another instance, since the exchange with this one is complete; stays when no other one answers. */
  async #move(request: Buffer): Promise<void> {
    this.#client.pause();
    const lease = await this.#options.acquireNext();
    if (this.#client.destroyed) {
      lease?.socket.destroy();
      lease?.release();
      return;
    }
    if (lease !== undefined) {
      this.#detach();
      this.attach(lease);
    }
    this.#send(request, true);
  }

  #detach(): void {
    clearTimeout(this.#idleTimer);
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    lease.socket.removeAllListeners();
    lease.socket.on("error", () => undefined);
    lease.socket.destroy();
    lease.release();
  }

  #armIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    if (!this.#draining || this.#lastFrom === "client" || isUnfinished(this.#body)) return;
    this.#idleTimer = setTimeout(() => this.#client.end(() => this.#client.destroy()), this.#options.drainIdleMs);
  }

  #closeWhenBothEnded(): void {
    if (this.#clientEnded) this.#client.destroy();
  }
}
