/**
 * One HTTP exchange with an instance over a leased connection: the request goes to it, and its response to the client, with
 * back-pressure in both directions.
 *
 * ```text
 * request ─► response head ─► body ─► trailers ─► the connection is kept for another request
 *    │            │            │
 *    │            │            └─ the instance fails: the client's connection or stream is reset
 *    │            └─ the client leaves: the connection to the instance is closed, which tells it
 *    └─ no head: 502 or 504, or the same request on another connection
 * ```
 */
import * as http from "node:http";
import type * as net from "node:net";
import type { Lease } from "../rotation/lease";
import { fieldPairs, staysOpen } from "./fields";
import {
  type ClientRequest,
  type ClientResponse,
  endResponse,
  flushHead,
  isChunked,
  resetResponse,
  sendHead,
  sendInterim,
  writeBody,
} from "./httpClient";
import { BAD_GATEWAY, GATEWAY_TIMEOUT, type Refusal, UPLOAD_TIMEOUT } from "./refusal";
import type { ForwardedHead } from "./requestHead";

/** Limits of an exchange, in milliseconds. */
export interface ExchangeLimits {
  /** From the last byte that the instance got to the head of its response. */
  readonly responseTimeoutMs: number;
  /** From one piece of the request's body to the next. */
  readonly uploadIdleMs: number;
}

/** Why the client has no response yet. */
export interface ExchangeFailure {
  readonly refusal: Refusal;
  /** True if the connection was used before and brought not a byte: the instance may have closed it before the request came. */
  readonly isStaleConnection: boolean;
}

/** A client's request and the response to it. */
export interface ClientExchange {
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  /**
   * Takes over the lease when the instance switches protocols; `head` are its first bytes afterwards. Only for requests that ask for it.
   */
  readonly onUpgrade?: (incoming: http.IncomingMessage, lease: Lease, head: Buffer) => void;
}

/**
 * Resolves when the exchange is over and the lease released or taken over; with why, if the client has no response. Throws what Node
 * throws for a head that cannot be sent, before anything was sent.
 */
export function exchange(
  client: ClientExchange,
  head: ForwardedHead,
  lease: Lease,
  limits: ExchangeLimits,
): Promise<ExchangeFailure | undefined> {
  const { method, path, fields: headers } = head;
  const upstream = http.request({ agent: agentOf(lease.socket), method, path, headers });
  return new Promise((resolve) => new Exchange({ client, head, lease, limits, upstream, resolve }).begin());
}

/**
 * Gives each request the leased connection. Node's client wants an agent; its own would choose among connections and keep them, which the
 * rotation does, and takes a tenth of the time of an exchange for its lists.
 */
class LeasedConnection extends http.Agent {
  readonly #socket: net.Socket;

  constructor(socket: net.Socket) {
    super({ keepAlive: true });
    this.#socket = socket;
  }

  /** Called by Node's client. */
  addRequest(request: http.ClientRequest): void {
    request.onSocket(this.#socket);
  }
}

const agents = new WeakMap<net.Socket, LeasedConnection>();

function agentOf(socket: net.Socket): LeasedConnection {
  const known = agents.get(socket);
  if (known !== undefined) return known;
  const agent = new LeasedConnection(socket);
  agents.set(socket, agent);
  return agent;
}

interface ExchangeParts {
  readonly client: ClientExchange;
  readonly head: ForwardedHead;
  readonly lease: Lease;
  readonly limits: ExchangeLimits;
  readonly upstream: http.ClientRequest;
  readonly resolve: (failure: ExchangeFailure | undefined) => void;
}

class Exchange {
  readonly #parts: ExchangeParts;
  readonly #bytesReadBefore: number;
  #incoming: http.IncomingMessage | undefined;
  #uploadTimer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#bytesReadBefore = parts.lease.socket.bytesRead;
  }

  begin(): void {
    const { client, head, lease, limits, upstream } = this.#parts;
    lease.traffic.startRequest();
    client.response.on("close", this.#onClientClosed);
    upstream.on("response", (incoming) => this.#onResponse(incoming));
    upstream.on("information", ({ statusCode, rawHeaders }) => sendInterim(client.response, statusCode, rawHeaders));
    upstream.on("upgrade", (incoming, _socket, first) => this.#onUpgrade(incoming, first));
    upstream.on("error", () => this.#onError());
    upstream.on("close", () => this.#fail(BAD_GATEWAY));
    lease.socket.on("timeout", this.#onTimeout);
    // Between two exchanges it stays set: bytes in either direction start it again.
    if (lease.socket.timeout !== limits.responseTimeoutMs) lease.socket.setTimeout(limits.responseTimeoutMs);
    if (head.hasBody) this.#upload();
    else upstream.end();
  }

  readonly #onClientClosed = (): void => {
    if (!this.#isOver) this.#end("close");
  };

  readonly #onTimeout = (): void => this.#fail(GATEWAY_TIMEOUT);

  // The request's body.

  #upload(): void {
    const { client, upstream, limits } = this.#parts;
    upstream.flushHeaders(); // the client may wait for an interim response
    upstream.on("drain", () => client.request.resume());
    this.#uploadTimer = setTimeout(() => this.#onUploadIdle(), limits.uploadIdleMs);
    client.request.on("data", this.#onUploadData).on("end", this.#onUploadEnd);
  }

  readonly #onUploadData = (chunk: Buffer): void => {
    this.#uploadTimer?.refresh();
    if (!this.#parts.upstream.write(chunk)) this.#parts.client.request.pause();
  };

  readonly #onUploadEnd = (): void => {
    const { client, upstream } = this.#parts;
    clearTimeout(this.#uploadTimer);
    try {
      if (client.request.rawTrailers.length > 0) upstream.addTrailers(fieldPairs(client.request.rawTrailers));
    } catch {
      // they are not valid; the request is complete without them
    }
    upstream.end();
  };

  #onUploadIdle(): void {
    const { client, upstream } = this.#parts;
    if (upstream.writableNeedDrain)
      this.#uploadTimer?.refresh(); // the instance is slow, not the client
    else if (this.#incoming === undefined) this.#fail(UPLOAD_TIMEOUT);
    else client.request.destroy();
  }

  // The response.

  #onResponse(incoming: http.IncomingMessage): void {
    const { response } = this.#parts.client;
    this.#stopWaiting();
    incoming.on("error", () => undefined); // 'close' follows
    try {
      sendHead(response, incoming);
    } catch {
      return this.#fail(BAD_GATEWAY);
    }
    this.#incoming = incoming;
    let hasWritten = false;
    let whole: Buffer | undefined;
    const onDrain = (): void => void incoming.resume();
    response.on("drain", onDrain);
    incoming.on("data", (chunk: Buffer) => {
      const isWhole = !hasWritten && incoming.complete && incoming.readableLength === 0; // 'end' comes at once
      if (isWhole && isChunked(response)) whole = chunk;
      else if (!writeBody(response, chunk, !hasWritten)) incoming.pause();
      hasWritten = true;
    });
    incoming.on("end", () => {
      hasWritten = true;
      endResponse(response, whole, incoming.rawTrailers);
      this.#end("keep");
    });
    incoming.on("close", () => {
      response.off("drain", onDrain);
      this.#cut();
    });
    // A body that begins later, such as of server-sent events, must not hold back the head. Together with it, it takes one packet.
    setImmediate(() => {
      if (!hasWritten) flushHead(response);
    });
  }

  /** Comes before Node takes a response for complete that ends with its connection. */
  #onError(): void {
    if (this.#incoming === undefined) this.#fail(BAD_GATEWAY);
    else this.#cut();
  }

  /** The rest of the response will not come. */
  #cut(): void {
    if (this.#isOver) return;
    resetResponse(this.#parts.client.response);
    this.#end("close");
  }

  #onUpgrade(incoming: http.IncomingMessage, first: Buffer): void {
    const { client, lease } = this.#parts;
    if (client.onUpgrade === undefined) return this.#fail(BAD_GATEWAY);
    lease.socket.setTimeout(0);
    this.#end("hand over");
    client.onUpgrade(incoming, lease, first);
  }

  #stopWaiting(): void {
    this.#parts.lease.socket.off("timeout", this.#onTimeout);
  }

  /** The client gets no response from this instance. */
  #fail(refusal: Refusal): void {
    if (this.#isOver || this.#incoming !== undefined) return;
    const { lease } = this.#parts;
    const isStaleConnection = lease.isReused && lease.socket.bytesRead === this.#bytesReadBefore;
    this.#end("close", { refusal, isStaleConnection });
  }

  #end(connection: "keep" | "close" | "hand over", failure?: ExchangeFailure): void {
    const { client, lease, upstream, resolve } = this.#parts;
    this.#isOver = true;
    clearTimeout(this.#uploadTimer);
    client.response.off("close", this.#onClientClosed);
    client.request.off("data", this.#onUploadData).off("end", this.#onUploadEnd);
    if (failure === undefined && !client.request.complete) client.request.resume(); // nobody reads the rest
    lease.traffic.recordMoved(false);
    this.#stopWaiting();
    if (connection !== "hand over") {
      const isKept = connection === "keep" && upstream.writableFinished && upstream.shouldKeepAlive;
      if (isKept && staysOpen(this.#incoming?.rawHeaders ?? [])) lease.keep();
      else {
        upstream.destroy();
        lease.socket.destroy();
        lease.release("finished");
      }
    }
    resolve(failure);
  }
}
