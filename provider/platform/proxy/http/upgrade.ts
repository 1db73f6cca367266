/** Requests that ask for another protocol on the same connection, such as WebSocket. Source: RFC 9110, section 7.8. */
import * as http from "node:http";
import type * as net from "node:net";
import type { Timings } from "../../timings";
import type { Lease } from "../rotation/lease";
import { spliceTunnel } from "../splice";
import { everyOf, firstOf } from "./fields";
import type { ExchangeLimits } from "./exchange";
import { forward, type RequestTargets } from "./forward";

/** A request whose connection Node no longer reads. */
export interface UpgradeRequest {
  readonly request: http.IncomingMessage;
  readonly client: net.Socket;
  /** The client's bytes after the head of the request. */
  readonly head: Buffer;
  /** Serves the connection again from what it then brings, the head of a request. */
  readonly serveWithoutUpgrade: () => void;
}

/** Limits of an upgraded connection and of the request before it, in milliseconds. */
export type UpgradeLimits = ExchangeLimits & Pick<Timings, "drainIdleMs">;

/**
 * Passes the request on, and afterwards everything in both directions. If the instance does not switch protocols, the client gets its
 * response, and its connection is closed. A request with a body, or for HTTP/2, is served as if it did not ask for another protocol.
 */
export function serveUpgrade(
  { request, client, head, serveWithoutUpgrade }: UpgradeRequest,
  targets: RequestTargets,
  limits: UpgradeLimits,
): void {
  if (mustIgnoreUpgrade(request.rawHeaders)) {
    client.unshift(Buffer.concat([Buffer.from(headWithoutUpgrade(request), "latin1"), head]));
    return serveWithoutUpgrade();
  }
  const response = new http.ServerResponse(request);
  response.shouldKeepAlive = false; // nobody parses what the client sends next
  response.assignSocket(client);
  response.once("finish", () => client.end());
  const onClientClosed = (): void => void response.destroy();
  client.once("close", onClientClosed);
  const onUpgrade = (incoming: http.IncomingMessage, lease: Lease, first: Buffer): void => {
    client.off("close", onClientClosed);
    response.detachSocket(client);
    client.write(switchingHead(incoming), "latin1");
    if (head.length > 0) client.unshift(head);
    if (first.length > 0) lease.socket.unshift(first);
    void spliceTunnel(client, lease, limits.drainIdleMs);
  };
  void forward({ request, response, onUpgrade }, targets, limits);
}

/** True for an upgrade that is not passed on. Pure. */
export const mustIgnoreUpgrade = (fields: readonly string[]): boolean =>
  everyOf(fields, "upgrade").some((value) => /\bh2c?\b/i.test(value)) ||
  everyOf(fields, "transfer-encoding").length > 0 ||
  (firstOf(fields, "content-length") ?? "0") !== "0";

/** The head of a request that does not ask for an upgrade. */
function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: http.IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() !== "upgrade") lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The head of the instance's response, unchanged. */
function switchingHead({ statusMessage, rawHeaders }: http.IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${statusMessage}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
