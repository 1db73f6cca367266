/** What a client gets, on a port without the handler `http`, for which no instance is ready: a response if it speaks HTTP, otherwise a reset. */
import * as http from "node:http";
import type * as net from "node:net";
import { type Refusal, refusalContent } from "./http/refusal";
import { resetConnection } from "./resetConnection";
import { startsHttpRequest } from "./httpExchanges";

/** How long a client may take to send its request. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a client may take to show that it speaks HTTP. A busy one needs time; one that waits for the server to speak first is reset then. */
const FIRST_BYTES_TIMEOUT_MS = 1_000;

const refusals = new WeakMap<net.Socket, Refusal>();

const server = http.createServer((request, response) => {
  const refusal = refusals.get(request.socket);
  if (refusal === undefined) return void request.destroy();
  const { body, headers } = refusalContent(refusal);
  // Only after the whole request: a client that is still sending may lose a response that comes earlier.
  request.resume().once("end", () => {
    response
      .writeHead(refusal.status, { connection: "close", ...headers })
      .end(request.method === "HEAD" ? undefined : body);
  });
});

/** Ends a paused connection. Its first bytes tell whether it is HTTP: only ports 80 and 443 have a handler for it, but many carry it. */
export function reject(client: net.Socket, refusal: Refusal): void {
  const close = (): void => resetConnection(client);
  client.setTimeout(FIRST_BYTES_TIMEOUT_MS, close);
  client.once("end", close);
  client.once("data", (chunk: Buffer) => {
    client.off("end", close).off("timeout", close).pause();
    if (!startsHttpRequest(chunk)) return close();
    client.unshift(chunk);
    respondUnserved(client, refusal);
  });
  client.resume();
}

/** Answers the request that a paused connection brings, and closes it. */
export function respondUnserved(client: net.Socket, refusal: Refusal): void {
  refusals.set(client, refusal);
  client.setTimeout(REQUEST_TIMEOUT_MS, () => client.destroy());
  server.emit("connection", client);
  client.resume();
}
