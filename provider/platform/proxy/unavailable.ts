/** What a client gets for which no instance is ready: a response if it speaks HTTP, otherwise the end of its connection. */
import * as http from "node:http";
import type * as net from "node:net";
import { startsHttpRequest } from "./httpExchanges";

/** When a client should try again. */
const RETRY_AFTER_S = 1;
/** How long a client may take to send its request. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a client may take to show that it speaks HTTP, on a port without the handler `http`. */
const FIRST_BYTES_TIMEOUT_MS = 100;

const server = http.createServer((request, response) => {
  const body = "No instance is ready.\n";
  // Only after the whole request: a client that is still sending may lose a response that comes earlier.
  request.resume().once("end", () => {
    response
      .writeHead(503, {
        connection: "close",
        "content-type": "text/plain; charset=utf-8",
        "content-length": Buffer.byteLength(body),
        "retry-after": `${RETRY_AFTER_S}`,
      })
      .end(request.method === "HEAD" ? undefined : body);
  });
});

/**
 * Ends a paused connection. A client that speaks HTTP gets 503 with `Retry-After`. On a port without the handler `http` its first bytes
 * tell: only ports 80 and 443 can have the handler, but many others carry HTTP.
 */
export function reject(client: net.Socket, isHttpPort: boolean): void {
  if (isHttpPort) return respond(client);
  const close = (): void => void client.destroy();
  client.setTimeout(FIRST_BYTES_TIMEOUT_MS, close);
  client.once("end", close);
  client.once("data", (chunk: Buffer) => {
    client.off("end", close).off("timeout", close).pause();
    if (!startsHttpRequest(chunk)) return close();
    client.unshift(chunk);
    respond(client);
  });
  client.resume();
}

function respond(client: net.Socket): void {
  client.setTimeout(REQUEST_TIMEOUT_MS, () => client.destroy());
  server.emit("connection", client);
  client.resume();
}
