/** The HTTP side of the daemon. Built on node:http because a GET here may carry a JSON body. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Handlers } from "../handlers/request";
import type { Log } from "../log";
import type { Timings } from "../timings";
import { bearerCheck } from "./auth";
import { MAX_HEADER_BYTES, MAX_TARGET_BYTES } from "./limits";
import { callHandler } from "./invokeHandler";
import { Exchanges } from "./inFlightRequests";
import { refusalOf, refuseConnection } from "./malformedRequest";
import { discardBody, readBody } from "./parse/readBody";
import { HttpRefusal, itemsEnvelope, refusalEnvelope, send, sendText } from "./response";
import { route } from "./router";
import type { Dialect } from "./dialect";

/** What the server serves. */
export interface ApiServerOptions {
  readonly handlers: Handlers;
  readonly dialect: Dialect;
  readonly token: string;
  readonly timings: Pick<Timings, "headersMs" | "requestMs">;
  readonly log: Log;
  /** Called when a request begins (+1) and when it ends (-1). */
  readonly onRequest: (change: 1 | -1) => void;
}

/** A listening server. */
export interface ApiServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Takes no new requests; those under way get `graceMs` to end. */
  close(graceMs: number): Promise<void>;
}

const HOST = "127.0.0.1";
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/** How often connections are looked at for those that are too slow; Node's own 30 s would be the real limit otherwise. */
const LOOK_EVERY_MS = 1_000;

/** Listens on a port of the kernel's choice, on loopback only. */
export async function serveApi(options: ApiServerOptions): Promise<ApiServer> {
  const { headersMs, requestMs } = options.timings;
  const isAuthorized = bearerCheck(options.token);
  const exchanges = new Exchanges(options.onRequest);
  const serve = (request: http.IncomingMessage, response: http.ServerResponse): void =>
    void answer(request, response, exchanges.begin(request, response), options, isAuthorized);
  const server = http.createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, headersMs),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    serve,
  );
  // What else a client may expect is no reason to refuse its request.
  server.on("checkExpectation", serve);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    exchanges.whenAnswered(socket, (begun) => {
      if (begun || !socket.writable || error.code === "ECONNRESET") socket.destroy();
      else refuseConnection(socket, refusalOf(error.code));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: HOST, port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: `http://${HOST}:${port}`,
    close: (graceMs) =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), graceMs).unref();
      }),
  };
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  gone: AbortSignal,
  options: ApiServerOptions,
  isAuthorized: (header: string | undefined) => boolean,
): Promise<void> {
  const begunAt = performance.now();
  const opTimeUs = (): number => Math.round((performance.now() - begunAt) * 1000);
  const refuse = (refusal: HttpRefusal): void => {
    if (refusal.allowed.length > 0 && !response.headersSent) response.setHeader("allow", refusal.allowed.join(", "));
    send(response, refusal.status, refusalEnvelope(refusal, opTimeUs()));
    discardBody(request);
  };
  const { method = "GET", url: target = "/", headers } = request;
  try {
    if (!isAuthorized(headers.authorization)) throw new HttpRefusal(401, "Invalid or missing token");
    if (target.length > MAX_TARGET_BYTES)
      throw new HttpRefusal(414, `The path and query are larger than ${MAX_TARGET_BYTES} bytes`);
    const routed = route({ method, target, body: await readBody(request) }, options.dialect);
    const { items, message, text } = await callHandler(options, routed, headers.accept ?? "", gone);
    if (text !== undefined) sendText(response, 200, text.contentType, text.body);
    else send(response, 200, itemsEnvelope(routed.dataKey, routed.reshape(items), message, opTimeUs()));
  } catch (error) {
    if (error instanceof HttpRefusal) return refuse(error);
    if (gone.aborted) return;
    options.log.write("bug", { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    refuse(new HttpRefusal(500, "Internal error; see daemon.log"));
  }
}
