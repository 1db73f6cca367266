/** The handler `redirect`: sends HTTP clients to the same place over TLS. No instance sees them. */
import * as http from "node:http";
import type * as net from "node:net";

const HTTPS_PORT = 443;
/** How long a client may take to ask. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A host as it may stand in a Location: a name, or an address in brackets. Source: RFC 3986, section 3.2.2. */
const HOST_HEADER = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?=:\d+$|$)/;

/** Status and headers of an answer. */
export interface RedirectResponse {
  readonly status: 301 | 308 | 400;
  readonly location?: string;
}

/**
 * Where a request is sent. 301 for what any client repeats as a GET, 308 for the rest, which keep method and body.
 * A request that names no host cannot be sent anywhere. Pure.
 */
export function redirectResponseFor(
  request: { readonly method: string; readonly target: string; readonly host: string | undefined },
  publicPort: number,
): RedirectResponse {
  const host = HOST_HEADER.exec(request.host ?? "")?.[0];
  if (host === undefined || !request.target.startsWith("/")) return { status: 400 };
  const port = publicPort === HTTPS_PORT ? "" : `:${publicPort}`;
  const status = request.method === "GET" || request.method === "HEAD" ? 301 : 308;
  return { status, location: `https://${host}${port}${request.target}` };
}

/** Takes connections and answers each with a redirect to `publicPort`. */
export function createRedirectHandler(publicPort: number): (client: net.Socket) => void {
  const server = http.createServer((request, response) => {
    const { method = "GET", url: target = "/", headers } = request;
    const { status, location } = redirectResponseFor({ method, target, host: headers.host }, publicPort);
    response.writeHead(status, { connection: "close", ...(location === undefined ? {} : { location }) }).end();
  });
  return (client) => {
    client.setTimeout(REQUEST_TIMEOUT_MS, () => client.destroy());
    server.emit("connection", client);
    client.resume();
  };
}
