/**
 * One published port and the services on it. Services share a port when a client's first bytes name one of them.
 *
 * ```text
 * accept ─► too many connections: closed                                  connectionBudget.ts
 *   ├─ tcp ───────────────────────────────────────────────► the only service
 *   ├─ http ──► Host header ──► unknown: 404              ─► its service   requestHost.ts
 *   └─ tls ───► server name ──► unknown: alert               clientHello.ts
 *        └─► handshake with its certificate, bounded         tlsHandshake.ts
 *             ├─ tls ──────────────────────────────────────► its service
 *             ├─ h2 ───────────────────────────────────────► its service
 *             └─ https ► Host header ─► another name: 421 ─► its service
 * ```
 */
import type * as net from "node:net";
import type * as tls from "node:tls";
import { MISDIRECTED, UNKNOWN_HOST } from "../http/refusal";
import { respondUnserved } from "../unavailable";
import { MAX_CLIENT_HELLO_BYTES, parseClientHello } from "./clientHello";
import type { ConnectionBudget } from "./connectionBudget";
import { peek } from "./peek";
import { MAX_REQUEST_HEAD_BYTES, parseRequestHost } from "./requestHost";
import { namesNoService, selectRoute } from "./selectRoute";
import { HANDSHAKE_TIMEOUT_MS, type KeyPair, refuseServerName, TlsHandshakes } from "./tlsHandshake";

/** What one service does with its connections on a port. */
export interface PortRoute {
  /** What clients speak. All services on a port have the same one, and a `tcp` port has one service. */
  readonly protocol: "tcp" | "tls" | "http" | "https";
  /** The domains of the service. Without any, it is alone on the port and answers for every name. */
  readonly domains: readonly string[];
  /**
   * The certificate for a server name in lower case; `undefined`: the client sent none. Called for each connection, so that a
   * replacement takes effect at once. The same object as long as nothing has changed.
   */
  readonly certificateFor: (serverName: string | undefined) => KeyPair;
  /** Takes over a connection, decrypted and paused. */
  readonly onConnection: (client: net.Socket) => void;
}

/** How long a client may take until its request is known. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;
const HELLO_LIMITS = { timeoutMs: HANDSHAKE_TIMEOUT_MS, bytes: MAX_CLIENT_HELLO_BYTES };
const HEAD_LIMITS = { timeoutMs: FIRST_BYTES_TIMEOUT_MS, bytes: MAX_REQUEST_HEAD_BYTES };

/** Finds the service of each connection. */
export class PublicPort {
  readonly #budget: ConnectionBudget;
  readonly #routes = new Map<object, PortRoute>();
  readonly #handshakes = new TlsHandshakes((client) => void this.#onSecured(client));

  constructor(budget: ConnectionBudget) {
    this.#budget = budget;
  }

  /** Sets what a service does here; `undefined` removes it. Open connections continue. */
  setRoute(owner: object, route: PortRoute | undefined): void {
    if (route === undefined) this.#routes.delete(owner);
    else this.#routes.set(owner, route);
  }

  /** Closes the connections that have no service yet. */
  close(): void {
    this.#budget.closeUnserved(this);
  }

  /** Handles a connection that was just accepted. */
  async accept(client: net.Socket): Promise<void> {
    client.on("error", () => undefined); // 'close' follows
    if (!this.#budget.admit(client, this)) return;
    const [first] = this.#routes.values();
    switch (first?.protocol) {
      case "tcp":
        return this.#hand(client, first);
      case "http":
        return this.#routeByHost(client);
      case "tls":
      case "https":
        return this.#routeByServerName(client);
      case undefined:
        client.destroy();
    }
  }

  async #routeByHost(client: net.Socket): Promise<void> {
    const request = await peek(client, parseRequestHost, HEAD_LIMITS);
    if (request === undefined) return void client.destroy();
    const route = this.#select(request.host);
    if (route !== undefined) return this.#hand(client, route);
    respondUnserved(client, UNKNOWN_HOST);
  }

  async #routeByServerName(client: net.Socket): Promise<void> {
    const hello = await peek(client, parseClientHello, HELLO_LIMITS);
    if (hello?.kind !== "complete") return void client.destroy();
    const { serverName } = hello;
    const [first] = this.#routes.values();
    // Without a server name, the `Host` header of an https client still tells which service it means.
    const named = this.#select(serverName);
    const route = named ?? (first?.protocol === "https" && namesNoService(serverName) ? first : undefined);
    if (route === undefined) return refuseServerName(client);
    try {
      // HTTP/2 is offered only where the server name has selected the service: its first request is not looked at.
      this.#handshakes.begin(client, route.certificateFor(serverName), named?.protocol === "https");
    } catch {
      client.destroy(); // OpenSSL rejects the certificate: this affects connections to this name only
    }
  }

  async #onSecured(client: tls.TLSSocket): Promise<void> {
    client.on("error", () => undefined); // 'close' follows
    const serverName = client.servername === false ? undefined : client.servername?.toLowerCase();
    const named = this.#select(serverName);
    if (named !== undefined && named.protocol === "tls") return this.#hand(client, named);
    if (client.alpnProtocol === "h2") {
      // Each of its requests names a host, which its service checks. The server name alone selects the service.
      return named === undefined ? void client.destroy() : this.#hand(client, named);
    }
    const request = await peek(client, parseRequestHost, HEAD_LIMITS);
    if (request === undefined) return void client.destroy();
    const route = request.host === undefined ? named : this.#select(request.host);
    const isOther = !namesNoService(serverName) && route !== named;
    if (route === undefined || isOther) return respondUnserved(client, MISDIRECTED);
    this.#hand(client, route);
  }

  #select(name: string | undefined): PortRoute | undefined {
    return selectRoute([...this.#routes.values()], name);
  }

  #hand(client: net.Socket, route: PortRoute): void {
    this.#budget.serve(client);
    route.onConnection(client);
  }
}
