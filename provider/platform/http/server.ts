/** The HTTP server of the daemon. Built on node:http because a GET of this API may have a JSON body. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { UnikernelError } from "../../base/errors";
import { isLoopbackHost } from "../../base/hostNames";
import { RequestError } from "../errors";
import type { Timings } from "../timings";
import { createBearerCheck } from "./auth";
import { type Endpoint, sendStatus } from "./endpoints/endpoint";
import { handleRequest, type RequestOptions } from "./handleRequest";
import { InFlightRequests, REQUEST_EVENTS, type RequestActivity } from "./inFlightRequests";
import { MAX_HEADER_BYTES } from "./limits";
import { discardBody } from "./parse/readBody";
import { sendError } from "./response";
import { rejectConnection, toRequestError } from "./malformedRequest";

/** Options of {@link startApiServer}. */
export interface ApiServerOptions extends Pick<RequestOptions, "handlers" | "dialect" | "log"> {
  /** Bearer token that every request must send. Secret. */
  readonly token: string;
  /** Port to listen on; `undefined`: a free one that the kernel chooses. */
  readonly port?: number | undefined;
  readonly timings: Pick<Timings, "headersTimeoutMs" | "requestTimeoutMs">;
  /** What is served beside the API; `undefined`: nothing. */
  readonly endpoints?: readonly Endpoint[];
}

/** A listening server. */
export interface ApiServer {
  /** Base URL, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly activity: RequestActivity;
  /** Stops accepting requests; those in flight get `graceMs` milliseconds to end. */
  close(graceMs: number): Promise<void>;
}

const HOST = "127.0.0.1";
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/**
 * Interval at which Node closes connections that are too slow. With Node's default, 30 s, the timeouts could not be
 * shorter.
 */
const CONNECTION_CHECK_INTERVAL_MS = 1_000;

/** Starts the server on loopback. Throws `IN_USE` if the port cannot be had. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { headersTimeoutMs, requestTimeoutMs } = options.timings;
  const requestOptions = { ...options, isAuthorized: createBearerCheck(options.token) };
  const server = http.createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(CONNECTION_CHECK_INTERVAL_MS, headersTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  const inFlight = new InFlightRequests(server);
  for (const event of REQUEST_EVENTS)
    server.on(event, (request: http.IncomingMessage, response: http.ServerResponse) => {
      const gone = inFlight.signals.get(request) ?? AbortSignal.abort();
      // A page of someone else can let its own name lead here (DNS rebinding); its browser then sends that name.
      if (!isLoopbackHost((request.headers.host ?? "").toLowerCase())) return refuseHost(request, response);
      const [path = "/"] = (request.url ?? "/").split("?");
      const endpoint = options.endpoints?.find(({ root }) => path === root || path.startsWith(`${root}/`));
      if (endpoint === undefined) void handleRequest(request, response, gone, requestOptions);
      else
        endpoint.handle(request, response, gone).catch((error: unknown) => {
          if (gone.aborted) return;
          options.log.write("bug", { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
          sendStatus(response, 500, "Internal error; see daemon.log.");
        });
    });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    inFlight.afterPendingResponses(socket, (begun) => {
      if (begun || !socket.writable || error.code === "ECONNRESET") socket.destroy();
      else rejectConnection(socket, toRequestError(error.code));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(portError(options.port, cause)));
    server.listen({ host: HOST, port: options.port ?? 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo; // always an AddressInfo for a TCP server that listens
  return {
    url: `http://${HOST}:${port}`,
    activity: inFlight,
    close: (graceMs) =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), graceMs).unref();
      }),
  };
}

function refuseHost(request: http.IncomingMessage, response: http.ServerResponse): void {
  const message = `This is the local platform, not the host that the request names; send it to ${HOST} or localhost`;
  sendError(response, new RequestError(421, message), performance.now());
  discardBody(request);
}

const portError = (port: number | undefined, cause: NodeJS.ErrnoException): UnikernelError =>
  new UnikernelError("IN_USE", `Listening on ${HOST}:${port ?? 0} failed (${cause.code ?? cause.message}).`, {
    hint: "Give another number to '--port', or end the program that has this one.",
    cause,
  });
