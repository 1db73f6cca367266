/**
 * The proxy of one service: its published ports and the connections between clients and instances.
 *
 * ```text
 * client
 *   │ accept                      listener.ts: nothing is read before an instance is found
 *   ▼
 * mode of the port                serviceProxy.ts
 *   ├─ redirect ─► 301 or 308 to https://…, closed; no instance is involved          redirect.ts
 *   ├─ tls ──────► handshake and decryption, closed on failure ─┐                    tlsTermination.ts
 *   └─ plain ───────────────────────────────────────────────────┤
 *   ┌───────────────────────────────────────────────────────────┘
 *   ├─ http ─────► for each request: acquire, exchange, respond                      http/httpPorts.ts
 *   ▼              a request that cannot be served gets 429, 502, 503 or 504         http/refusal.ts
 * acquire                         rotation.ts: rejected after holdTimeoutMs without an instance
 *   │ chooseInstance.ts decides, and again after every change of an instance:
 *   ├─ connect ──► connect to the instance (lease.ts); on failure try another one
 *   ├─ wake ─────► wake an instance in standby, wait for the next change
 *   ├─ hold ─────► an instance starts, has not passed its probe, or leaves and may get a successor (departure.ts)
 *   └─ refuse ───► rejected; after failed attempts: pause, then try again
 *   │ rejected: 429 or 503 if the client speaks HTTP, otherwise reset                unavailable.ts
 *   ▼
 * splice                          splice.ts: bytes in both directions, counted in traffic.ts
 *   │ while the instance drains or is withdrawn:
 *   ├─ between HTTP exchanges ─► leaves; the next request goes to another instance    httpExchanges.ts
 *   │    none is ready by then ─► waits as a new connection does, and is rejected like one
 *   └─ not HTTP ───────────────► closed when idle                                      idleConnection.ts
 *   ▼
 * both sides close, or one after the last response ─► the lease is released ─► drain ends with the last lease
 * ```
 */
import type * as net from "node:net";
import { ApiItemError } from "../errors";
import type { Timings } from "../timings";
import { openListener } from "./listener";
import { Rotation, type RotationEvents } from "./rotation/rotation";
import type { ConnectionLimits } from "./rotation/chooseInstance";
import { createRedirectHandler } from "./redirect";
import { splice } from "./splice";
import { type TlsCertificates, terminateTls } from "./tlsTermination";
import { reject, respondUnserved } from "./unavailable";
import type { RequestTargets } from "./http/forward";
import { NOT_READY, type Refusal, TOO_MANY_REQUESTS } from "./http/refusal";
import type { Lease } from "./rotation/lease";
import { HTTP_PROTOCOLS, HttpPorts } from "./http/httpPorts";
import { withTimeout } from "../../base/timeout";

/** A published port and how its connections are handled. */
export interface PortMapping {
  /** Port on the host. */
  readonly port: number;
  /** Port inside an instance; for a redirect, the public port that clients are sent to. */
  readonly destinationPort: number;
  /** True if the port has the handler `http`. */
  readonly isHttp: boolean;
  /** `plain` forwards bytes as they are, `redirect` responds to HTTP with a redirect to HTTPS, `tls` decrypts. */
  readonly mode: "plain" | "redirect" | { readonly tls: TlsCertificates };
}

/** Handles a connection that was just accepted. */
type ConnectionHandler = (client: net.Socket) => void;

interface PortListener {
  readonly server: net.Server;
  readonly handleConnection: ConnectionHandler;
}

/** Publishes the ports of a service. */
export class ServiceProxy {
  /** The instances that connections are forwarded to. */
  readonly rotation: Rotation;
  readonly #timings: Timings;
  readonly #listeners = new Map<number, PortListener>();
  readonly #clients = new Set<net.Socket>();
  readonly #http: HttpPorts;
  #closed = false;

  constructor(limits: ConnectionLimits, events: RotationEvents, timings: Timings) {
    this.rotation = new Rotation(limits, events, timings);
    this.#timings = timings;
    this.#http = new HttpPorts(timings);
  }

  /**
   * Opens these ports and closes all others. New ports open before old ones close; if one cannot be opened, nothing changes.
   * Open connections of a port that closes continue.
   *
   * Throws `ApiItemError`: `NoFree` for a port that is taken, `FailedOperation` when the proxy is closed.
   */
  async publish(ports: readonly PortMapping[]): Promise<void> {
    const handlers = new Map(ports.map((mapping) => [mapping.port, this.#handlerFor(mapping)]));
    const opened = new Map<number, net.Server>();
    try {
      for (const [port, handle] of handlers) {
        if (this.#listeners.has(port)) continue;
        const accept: ConnectionHandler = (client) =>
          (this.#listeners.get(port)?.handleConnection ?? handle)(this.#track(client));
        opened.set(port, await openListener(port, accept));
      }
      if (this.#closed)
        throw new ApiItemError("FailedOperation", "The service group was deleted while its ports were being opened");
    } catch (error) {
      for (const server of opened.values()) server.close();
      throw error;
    }
    for (const [port, handleConnection] of handlers) {
      const server = opened.get(port) ?? this.#listeners.get(port)?.server;
      if (server !== undefined) this.#listeners.set(port, { server, handleConnection });
    }
    for (const port of [...this.#listeners.keys()]) if (!handlers.has(port)) this.#unpublish(port);
  }

  /** Closes every port and cuts every connection. Final. */
  close(): void {
    this.#closed = true;
    for (const port of [...this.#listeners.keys()]) this.#unpublish(port);
    for (const client of this.#clients) client.destroy();
    this.#http.close();
  }

  #unpublish(port: number): void {
    this.#listeners.get(port)?.server.close();
    this.#listeners.delete(port);
  }

  #handlerFor({ destinationPort, isHttp, mode }: PortMapping): ConnectionHandler {
    if (mode === "redirect") return createRedirectHandler(destinationPort);
    const serve: ConnectionHandler = (client) => void this.#serve(this.#track(client), destinationPort, isHttp);
    return mode === "plain" ? serve : terminateTls(mode.tls, isHttp ? HTTP_PROTOCOLS : [], serve);
  }

  /**
   * Remembers a connection until it closes. The decrypted socket of a TLS connection is tracked in addition to the raw
   * one.
   */
  #track(client: net.Socket): net.Socket {
    if (this.#clients.has(client)) return client;
    this.#clients.add(client);
    client.once("close", () => this.#clients.delete(client));
    return client.on("error", () => undefined); // 'close' follows
  }

  async #serve(client: net.Socket, destinationPort: number, isHttp: boolean): Promise<void> {
    if (isHttp) return this.#http.serve(client, this.#targetsOf(destinationPort));
    const closed = new AbortController();
    client.once("close", () => closed.abort());
    const acquire = () => this.#acquire(destinationPort, closed.signal);
    const lease = await acquire();
    if (client.destroyed) {
      lease?.socket.destroy();
      lease?.release("finished");
      return;
    }
    if (lease === undefined) return reject(client, this.#refusal);
    await splice(client, lease, {
      drainIdleMs: this.#timings.drainIdleMs,
      isNextReady: () => this.rotation.isAnyReady,
      acquire,
      reject: (unserved) => respondUnserved(unserved, this.#refusal), // only requests over HTTP are moved
    });
  }

  #targetsOf(destinationPort: number): RequestTargets {
    return {
      answersFor: () => true,
      acquireIdle: (maxIdleMs) => this.rotation.acquireIdle(destinationPort, maxIdleMs),
      acquire: (signal) => this.#acquire(destinationPort, signal),
      refusal: () => this.#refusal,
    };
  }

  /** As of the rotation, for as long as a connection waits for an instance. */
  #acquire(destinationPort: number, signal: AbortSignal): Promise<Lease | undefined> {
    return withTimeout(this.rotation.holdTimeoutMs, signal, (limited) =>
      this.rotation.acquire(destinationPort, limited),
    );
  }

  /** What a request is told for which there is no instance. */
  get #refusal(): Refusal {
    return this.rotation.isFull ? TOO_MANY_REQUESTS : NOT_READY;
  }
}
