/**
 * The handler `http`: serves HTTP/1 and, where TLS negotiated it, HTTP/2. Each request gets its own instance.
 *
 * Node parses requests and refuses malformed ones. Limits: a head must be complete within `headersTimeoutMs` and have at most
 * {@link MAX_HEAD_BYTES}; a body may take any time as long as it moves; a connection without a request, or whose client has closed its
 * side and gets nothing, is closed after `clientKeepAliveMs`.
 */
import * as http from "node:http";
import * as http2 from "node:http2";
import type * as net from "node:net";
import * as tls from "node:tls";
import type { Timings } from "../../timings";
import { forward, type RequestTargets } from "./forward";
import type { ClientRequest, ClientResponse } from "./httpClient";
import { MAX_FIELDS } from "./requestHead";
import { serveUpgrade } from "./upgrade";

/** Largest head of a request. haproxy and Node's servers take 16 KiB by default. */
const MAX_HEAD_BYTES = 32 * 1024;
/** Open requests of one HTTP/2 connection. Source: RFC 9113, section 6.5.2, recommends at least 100. */
const MAX_STREAMS = 128;
/** How often connections are checked for `headersTimeoutMs`, at most. Milliseconds. */
const CHECK_INTERVAL_MS = 1_000;

/** A tunnel to another host is not a gateway's business. */
const CONNECT_REFUSED = "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** The intervals that apply to HTTP. */
export type HttpTimings = Pick<
  Timings,
  "headersTimeoutMs" | "clientKeepAliveMs" | "responseTimeoutMs" | "uploadIdleMs" | "drainIdleMs"
>;

interface ClientConnection {
  readonly targets: RequestTargets;
  /** Of HTTP/1: the response before the next one. */
  lastResponse?: http.ServerResponse;
}

/** Serves the connections of HTTP ports. */
export class HttpPorts {
  readonly #timings: HttpTimings;
  /** By the socket of an HTTP/1 connection, or the session of an HTTP/2 connection. */
  readonly #connections = new WeakMap<object, ClientConnection>();
  readonly #http1: http.Server;
  readonly #http2: http2.Http2Server;

  constructor(timings: HttpTimings) {
    this.#timings = timings;
    this.#http1 = this.#createHttp1();
    this.#http2 = this.#createHttp2();
  }

  /** Serves a connection, which is paused and decrypted. */
  serve(client: net.Socket, targets: RequestTargets): void {
    if (client instanceof tls.TLSSocket && client.alpnProtocol === "h2") {
      const onSession = (session: http2.ServerHttp2Session): void => void this.#connections.set(session, { targets });
      this.#http2.once("session", onSession).emit("connection", client); // 'session' comes at once
      this.#http2.off("session", onSession);
    } else {
      this.#connections.set(client, { targets });
      // It may only have closed its side, and wait for a response; but one that has gone looks the same.
      client.once("end", () => client.setTimeout(this.#timings.clientKeepAliveMs, () => client.destroy()));
      this.#http1.emit("connection", client);
    }
    client.resume();
  }

  /** Stops the checks of connections. */
  close(): void {
    this.#http1.close();
  }

  #createHttp1(): http.Server {
    const { headersTimeoutMs, clientKeepAliveMs } = this.#timings;
    const server = http.createServer({
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: clientKeepAliveMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, headersTimeoutMs),
      insecureHTTPParser: false,
    });
    server.maxHeadersCount = 0; // Node would drop those above it in silence; requestHead.ts counts them
    Object.assign(server, { httpAllowHalfOpen: true }); // a client may close its side before it has the response
    server.on("request", (request, response) => this.#onHttp1(request, response));
    server.on("checkContinue", (request, response) => this.#onHttp1(request, response));
    server.on("connect", (_request, socket) => socket.end(CONNECT_REFUSED));
    server.on("upgrade", (request, socket, head) => {
      const client = socket as net.Socket;
      const targets = this.#connections.get(client)?.targets;
      if (targets === undefined) return void client.destroy();
      const serveWithoutUpgrade = (): void => void server.emit("connection", client);
      serveUpgrade({ request, client, head, serveWithoutUpgrade }, targets, this.#timings);
    });
    server.emit("listening"); // starts the checks of connections; its connections are accepted elsewhere
    return server;
  }

  #createHttp2(): http2.Http2Server {
    const server = http2.createServer({
      settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEAD_BYTES },
      maxHeaderListPairs: MAX_FIELDS,
    });
    const serve = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse): void =>
      this.#forward(request, response, request.stream.session && this.#connections.get(request.stream.session));
    server.on("request", serve);
    server.on("checkContinue", serve);
    server.on("session", (session) => {
      session.setTimeout(this.#timings.clientKeepAliveMs, () => session.close()); // after its open requests
      session.on("error", () => undefined); // the connection closes
    });
    return server;
  }

  /** Pipelined requests are served one after the other, because the first may matter to the second. */
  #onHttp1(request: http.IncomingMessage, response: http.ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    const last = connection.lastResponse;
    connection.lastResponse = response;
    if (last === undefined || last.destroyed || last.writableFinished) this.#forward(request, response, connection);
    else last.once("close", () => this.#forward(request, response, connection));
  }

  #forward(request: ClientRequest, response: ClientResponse, connection: ClientConnection | undefined): void {
    if (connection === undefined || response.destroyed) return;
    void forward({ request, response }, connection.targets, this.#timings);
  }
}
