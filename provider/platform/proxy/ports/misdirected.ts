/** What a client gets that asks for a name which no service on the port has. */
import * as http from "node:http";
import type * as net from "node:net";

/** How long a client may take to send the rest of its request. */
const REQUEST_TIMEOUT_MS = 10_000;

const REASONS = {
  404: "No service on this port has the name of the request.",
  421: "This connection was made for another name than that of the request.",
} as const;

const servers = { 404: responder(404), 421: responder(421) } as const;

function responder(status: keyof typeof REASONS): http.Server {
  const body = `${REASONS[status]}\n`;
  return http.createServer((request, response) => {
    // Only after the whole request: a client that is still sending may lose a response that comes earlier.
    request.resume().once("end", () => {
      response
        .writeHead(status, {
          connection: "close",
          "content-type": "text/plain; charset=utf-8",
          "content-length": Buffer.byteLength(body),
        })
        .end(request.method === "HEAD" ? undefined : body);
    });
  });
}

/** Answers the request of a paused connection, and closes it. */
export function respondMisdirected(client: net.Socket, status: keyof typeof REASONS): void {
  client.on("error", () => undefined); // 'close' follows
  client.setTimeout(REQUEST_TIMEOUT_MS, () => client.destroy());
  servers[status].emit("connection", client);
  client.resume();
}
