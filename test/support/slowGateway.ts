/** A gateway in memory that opens its port before it can serve, as real ones do. */
import * as http from "node:http";
import type * as net from "node:net";
import type { FakeGuest } from "./fakeVmm";

/** What a {@link slowGateway} does, in milliseconds from its start. A test may change it while the gateway runs. */
export interface SlowGatewayOptions {
  /** Everything is 404 until then. */
  serveAfterMs: number;
  /** `/hello` reports `"status":"starting"` until then, and `"status":"pass"` afterwards; `Infinity`: for ever. */
  healthyAfterMs: number;
}

/** What the gateways of a test have received. */
export interface Received {
  /** Path and, of a probe, the value of its secret header. */
  readonly requests: { readonly path: string; readonly key: string | undefined }[];
}

/** A new guest per start: its clock begins with the first use of the function that this returns. */
export const slowGateway =
  (options: SlowGatewayOptions, received: Received = { requests: [] }) =>
  (): FakeGuest => {
    const begin = performance.now();
    const server = http.createServer((request, response) => {
      const { url: path = "" } = request;
      const key = request.headers["x-key"];
      received.requests.push({ path, key: typeof key === "string" ? key : undefined });
      const elapsedMs = performance.now() - begin;
      if (elapsedMs < options.serveAfterMs) response.writeHead(404).end("not loaded yet");
      else if (path === "/hello")
        response.end(JSON.stringify({ status: elapsedMs < options.healthyAfterMs ? "starting" : "pass" }));
      else response.end("served");
    });
    return {
      serve: (socket: net.Socket) => void server.emit("connection", socket),
      onStop: { kind: "exited", exitCode: 0 },
    };
  };
