/** The handler `redirect`: sends HTTP clients to the same URL over HTTPS. No instance is involved. */
import * as http from "node:http";
import type * as net from "node:net";

const HTTPS_PORT = 443;
/** How long a client may take to send its request. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A host that may appear in a Location: a name, or an IP literal in brackets. Source: RFC 3986, section 3.2.2. */
const HOST_HEADER = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?=:\d+$|$)/;

/** Status and `Location` header of a response. */
export interface RedirectResponse {
  readonly status: 301 | 308 | 400;
  /** `undefined` for 400. */
  readonly location?: string;
}

/**
 * The response to a request: 301 for GET and HEAD, 308 for other methods, because with 301 clients may change the method
 * to GET (RFC 9110, sections 15.4.2 and 15.4.9). 400 when the request has no valid `Host` or no path. Pure.
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

/** A handler of connections that responds to each request with a redirect to the port that `publicPort` returns then. */
export function createRedirectHandler(publicPort: () => number): (client: net.Socket) => void {
  const server = http.createServer((request, response) => {
    const { method = "GET", url: target = "/", headers } = request;
    const { status, location } = redirectResponseFor({ method, target, host: headers.host }, publicPort());
    response.writeHead(status, { connection: "close", ...(location === undefined ? {} : { location }) }).end();
  });
  return (client) => {
    client.setTimeout(REQUEST_TIMEOUT_MS, () => client.destroy());
    server.emit("connection", client);
    client.resume();
  };
}
