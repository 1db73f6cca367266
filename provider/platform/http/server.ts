/** The HTTP side of the daemon. Built on node:http because a GET here may carry a JSON body. */
import { RequestError } from "../errors";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Handlers } from "../handlers/handler";
import type { Log } from "../log";
import type { Timings } from "../timings";
import { createBearerCheck } from "./auth";
import { MAX_HEADER_BYTES, MAX_TARGET_BYTES } from "./limits";
import { invokeHandler } from "./invokeHandler";
import { InFlightRequests } from "./inFlightRequests";
import { toRequestError, rejectConnection } from "./malformedRequest";
import { discardBody, readBody } from "./parse/readBody";
import { itemsEnvelope, errorEnvelope, sendJson, sendText } from "./response";
import { routeRequest } from "./router";
import type { Dialect } from "./dialect";

/** What the server serves. */
export interface ApiServerOptions {
  readonly handlers: Handlers;
  readonly dialect: Dialect;
  readonly token: string;
  readonly timings: Pick<Timings, "headersTimeoutMs" | "requestTimeoutMs">;
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
const CONNECTION_CHECK_INTERVAL_MS = 1_000;

/** Listens on a port of the kernel's choice, on loopback only. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { headersTimeoutMs: headersMs, requestTimeoutMs: requestMs } = options.timings;
  const isAuthorized = createBearerCheck(options.token);
  const exchanges = new InFlightRequests(options.onRequest);
  const onHttpRequest = (request: http.IncomingMessage, response: http.ServerResponse): void =>
    void handleRequest(request, response, exchanges.track(request, response), options, isAuthorized);
  const server = http.createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(CONNECTION_CHECK_INTERVAL_MS, headersMs),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    onHttpRequest,
  );
  // What else a client may expect is no reason to refuse its request.
  server.on("checkExpectation", onHttpRequest);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    exchanges.afterPendingResponses(socket, (begun) => {
      if (begun || !socket.writable || error.code === "ECONNRESET") socket.destroy();
      else rejectConnection(socket, toRequestError(error.code));
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

async function handleRequest(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  gone: AbortSignal,
  options: ApiServerOptions,
  isAuthorized: (header: string | undefined) => boolean,
): Promise<void> {
  const begunAt = performance.now();
  const opTimeUs = (): number => Math.round((performance.now() - begunAt) * 1000);
  const sendError = (refusal: RequestError): void => {
    if (refusal.allowedMethods.length > 0 && !response.headersSent)
      response.setHeader("allow", refusal.allowedMethods.join(", "));
    sendJson(response, refusal.status, errorEnvelope(refusal, opTimeUs()));
    discardBody(request);
  };
  const { method = "GET", url: target = "/", headers } = request;
  try {
    if (!isAuthorized(headers.authorization)) throw new RequestError(401, "Invalid or missing token");
    if (target.length > MAX_TARGET_BYTES)
      throw new RequestError(414, `The path and query are larger than ${MAX_TARGET_BYTES} bytes`);
    const routed = routeRequest({ method, target, body: await readBody(request) }, options.dialect);
    const { items, message, text } = await invokeHandler(options, routed, headers.accept ?? "", gone);
    if (text !== undefined) sendText(response, 200, text.contentType, text.body);
    else sendJson(response, 200, itemsEnvelope(routed.dataKey, routed.encodeItems(items), message, opTimeUs()));
  } catch (error) {
    if (error instanceof RequestError) return sendError(error);
    if (gone.aborted) return;
    options.log.write("bug", { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    sendError(new RequestError(500, "Internal error; see daemon.log"));
  }
}
