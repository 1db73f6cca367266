/**
 * Copies bytes between one client and an instance, with back-pressure and half-close.
 *
 * When the instance drains, the connection moves to another instance or ends, but never in the middle of an exchange.
 * TCP has no request boundaries, so they are inferred: an HTTP request line that follows bytes from the instance starts a
 * new request, which goes to another instance. A connection that is idle after bytes from the instance is closed, unless
 * an HTTP response is unfinished.
 */
import type * as net from "node:net";
import { type ResponseBody, advanceBody, isUnfinished } from "./httpResponseBody";
import type { Lease } from "./lease";

/** Options of a splice. */
export interface SpliceOptions {
  /** Milliseconds without a byte after which a draining connection is closed. */
  readonly drainIdleMs: number;
  /** Connects to another instance that is ready now; `undefined` when there is none. */
  readonly acquireNext: () => Promise<Lease | undefined>;
}

/** Source: RFC 9112, section 3. */
const REQUEST_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [^ \r\n]+ HTTP\/1\.[01]\r\n/;
const REQUEST_LINE_BYTES = 8192;

/** True if the bytes begin with the request line of an HTTP/1 request. */
export const startsHttpRequest = (chunk: Buffer): boolean =>
  REQUEST_LINE.test(chunk.subarray(0, REQUEST_LINE_BYTES).toString("latin1"));

/**
 * Connects a client, whose socket is paused, to the instance of `lease`; resolves when the client's connection has
 * closed.
 */
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
  /** The response that the instance sends; `undefined` when unknown, and for a response to HEAD, which has no body. */
  #body: ResponseBody | undefined;
  /** The client's last request was a HEAD. */
  #isHead = false;
  /** The client's last request was HTTP. */
  #isHttp = false;
  #clientEnded = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(client: net.Socket, options: SpliceOptions, onClosed: () => void) {
    this.#client = client;
    this.#options = options;
    client.on("data", (chunk: Buffer) => this.#fromClient(chunk));
    client.on("end", () => {
      this.#clientEnded = true;
      this.#lease?.socket.end();
    });
    client.on("drain", () => this.#lease?.socket.resume());
    client.on("finish", () => this.#closeWhenBothEnded());
    client.on("error", () => undefined); // 'close' follows
    client.on("close", () => {
      this.#detach();
      onClosed();
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
      lease.traffic.recordBytes("tx", chunk.length, this.#inFlight());
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
    const isNewExchange = this.#lastFrom !== "client" && !isUnfinished(this.#body);
    if (this.#lastFrom !== "client") this.#isHead = chunk.toString("latin1", 0, 5) === "HEAD ";
    if (isNewExchange) this.#isHttp = startsHttpRequest(chunk);
    this.#lastFrom = "client";
    if (isNewExchange && this.#isHttp && this.#draining) void this.#move(chunk);
    else this.#send(chunk, isNewExchange);
  }

  #send(chunk: Buffer, isNewExchange: boolean): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    if (isNewExchange && this.#isHttp) lease.traffic.recordRequest();
    lease.traffic.recordBytes("rx", chunk.length, this.#inFlight());
    if (lease.socket.write(chunk)) this.#client.resume();
    else this.#client.pause();
  }

  /**
   * True while an HTTP request has no response or an unfinished one. A response of unknown length counts until the next
   * request.
   */
  #inFlight(): boolean {
    if (!this.#isHttp) return false;
    return this.#lastFrom === "client" || (!this.#isHead && (this.#body === undefined || isUnfinished(this.#body)));
  }

  /**
   * Continues with another instance, now that the exchange with this one is complete; stays if no other one is ready.
   */
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
