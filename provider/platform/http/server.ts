/** The HTTP side of the daemon. Built on node:http because a GET here may carry a JSON body. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Handlers } from "../handlers/request";
import type { Log } from "../log";
import { bearerCheck } from "./auth";
import { HttpRefusal, itemsEnvelope, refusalEnvelope, send } from "./reply";
import { type Routed, route } from "./router";

/** What the server serves. */
export interface ApiServerOptions {
  readonly handlers: Handlers;
  readonly token: string;
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
/** Source: the cloud's own limit. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Listens on a port of the kernel's choice, on loopback only. */
export async function serveApi(options: ApiServerOptions): Promise<ApiServer> {
  const isAuthorized = bearerCheck(options.token);
  const server = http.createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      options.onRequest(1);
      response.once("close", () => options.onRequest(-1));
      void answer(request, response, options, isAuthorized);
    },
  );
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
  options: ApiServerOptions,
  isAuthorized: (header: string | undefined) => boolean,
): Promise<void> {
  const begunAt = performance.now();
  const opTimeUs = (): number => Math.round((performance.now() - begunAt) * 1000);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    if (!isAuthorized(request.headers.authorization)) throw new HttpRefusal(401, "Invalid or missing token");
    const body = await readBody(request);
    const routed = route({ method: request.method ?? "GET", target: request.url ?? "/", body });
    const reply = await call(options.handlers, routed, request.headers.accept ?? "", gone.signal);
    const { message } = reply;
    send(response, 200, itemsEnvelope(routed.route.dataKey, reply.items, message, opTimeUs()));
  } catch (error) {
    if (error instanceof HttpRefusal) {
      // What is left of a request that was not read to its end cannot be told from the next one.
      const headers = request.complete ? {} : { connection: "close" };
      send(response, error.status, refusalEnvelope(error.status, error.message, opTimeUs()), headers);
      return;
    }
    if (gone.signal.aborted) return;
    options.log.write("bug", { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    send(response, 500, refusalEnvelope(500, "Internal error; see daemon.log", opTimeUs()));
  }
}

function call(handlers: Handlers, routed: Routed, accept: string, signal: AbortSignal) {
  // The router parsed query and body with the models of this very route.
  const handler = handlers[routed.name] as (request: object) => ReturnType<Handlers[typeof routed.name]>;
  return handler({ query: routed.query, body: routed.body, selectors: routed.selectors, path: {}, accept, signal });
}

function readBody(request: http.IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      reject(new HttpRefusal(413, `The body is larger than ${MAX_BODY_BYTES} bytes`));
    });
    request.on("end", () => resolve(length === 0 ? undefined : Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the client left")));
  });
}
