/**
 * The proxy of one service: its published ports and the connections between clients and instances.
 *
 * ```text
 * client
 *   │ accept, and what the first bytes say    ports/publicPort.ts: bounded; finds the service and decrypts
 *   ▼
 * mode of the port                serviceProxy.ts
 *   ├─ redirect ─► 301 or 308 to https://…, closed; no instance is involved          redirect.ts
 *   ├─ http ─────► for each request: acquire, exchange, respond                      http/httpPorts.ts
 *   │              a request that cannot be served gets 429, 502, 503 or 504         http/refusal.ts
 *   └─ forward
 *   ▼
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
import type { KeyPair } from "./ports/tlsHandshake";
import type { PortRoute } from "./ports/publicPort";
import type { PublicPorts } from "./ports/publicPorts";
import { Rotation, type RotationEvents } from "./rotation/rotation";
import type { ConnectionLimits } from "./rotation/chooseInstance";
import { createRedirectHandler } from "./redirect";
import { splice } from "./splice";
import { hostWithoutPort } from "./ports/requestHost";
import { answersFor, namesNoService } from "./ports/selectRoute";
import { reject, respondUnserved } from "./unavailable";
import type { RequestTargets } from "./http/forward";
import { NOT_READY, type Refusal, TOO_MANY_REQUESTS } from "./http/refusal";
import type { Lease } from "./rotation/lease";
import { HttpPorts } from "./http/httpPorts";
import { type Closable, whileOpen } from "./whileOpen";

/** A published port and how its connections are handled. */
export interface PortMapping {
  /** Port on the host. */
  readonly port: number;
  /** Port inside an instance; for a redirect, the public port that clients are sent to. */
  readonly destinationPort: number;
  /** True if the port has the handler `http`. */
  readonly isHttp: boolean;
  /** `redirect` responds to HTTP with a redirect to HTTPS, `tls` decrypts, `plain` does neither. */
  readonly mode: "plain" | "redirect" | "tls";
}

/** How clients name a service, where it shares a port with others. See {@link PortRoute}. */
export type ServiceNames = Pick<PortRoute, "domains"> & {
  /** As of a route; unused without a port that has the mode `tls`. */
  readonly certificateFor: (serverName: string | undefined) => KeyPair;
};

/** Publishes the ports of a service. */
export class ServiceProxy {
  /** The instances that connections are forwarded to. */
  readonly rotation: Rotation;
  readonly #timings: Timings;
  readonly #ports: PublicPorts;
  readonly #clients = new Set<net.Socket>();
  readonly #http: HttpPorts;
  #domains: readonly string[] = [];
  #closed = false;

  constructor(limits: ConnectionLimits, events: RotationEvents, timings: Timings, ports: PublicPorts) {
    this.#ports = ports;
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
  async publish(ports: readonly PortMapping[], names: ServiceNames): Promise<void> {
    const routes = new Map(ports.map((mapping) => [mapping.port, this.#routeFor(mapping, names)]));
    await this.#ports.publish(this, routes, () => {
      if (this.#closed)
        throw new ApiItemError("FailedOperation", "The service group was deleted while its ports were being opened");
    });
    this.#domains = names.domains;
  }

  /** As of {@link PublicPorts.hostPortOf}. */
  hostPortOf(port: number): number {
    return this.#ports.hostPortOf(port);
  }

  /** Closes every port and cuts every connection. Final. */
  close(): void {
    this.#closed = true;
    this.#ports.withdraw(this);
    for (const client of this.#clients) client.destroy();
    this.#http.close();
  }

  #routeFor(mapping: PortMapping, names: ServiceNames): PortRoute {
    const { destinationPort, isHttp, mode } = mapping;
    const forward = (client: net.Socket): void => void this.#serve(client, destinationPort, isHttp);
    const handle = mode === "redirect" ? createRedirectHandler(() => this.hostPortOf(destinationPort)) : forward;
    return { ...names, protocol: protocolOf(mapping), onConnection: (client) => handle(this.#track(client)) };
  }

  /** Remembers a connection until it closes. */
  #track(client: net.Socket): net.Socket {
    this.#clients.add(client);
    client.once("close", () => this.#clients.delete(client));
    return client.on("error", () => undefined); // 'close' follows
  }

  async #serve(client: net.Socket, destinationPort: number, isHttp: boolean): Promise<void> {
    if (isHttp) return this.#http.serve(client, this.#targetsOf(destinationPort));
    const acquire = () => this.#acquire(destinationPort, client);
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

  /** True unless a request on an open connection asks for a name of another service. The names may have changed since it was opened. */
  #answersFor(host: string | undefined): boolean {
    if (this.#domains.length === 0) return true;
    const name = host === undefined ? undefined : hostWithoutPort(host);
    return name === undefined || namesNoService(name) || answersFor(this.#domains, name);
  }

  #targetsOf(destinationPort: number): RequestTargets {
    return {
      answersFor: (host) => this.#answersFor(host),
      acquireIdle: (maxIdleMs) => this.rotation.acquireIdle(destinationPort, maxIdleMs),
      acquire: (client) => this.#acquire(destinationPort, client),
      refusal: () => this.#refusal,
    };
  }

  /** As of the rotation, for as long as a client waits for an instance. */
  #acquire(destinationPort: number, client: Closable): Promise<Lease | undefined> {
    return whileOpen(client, this.rotation.holdTimeoutMs, (signal) => this.rotation.acquire(destinationPort, signal));
  }

  /** What a request is told for which there is no instance. */
  get #refusal(): Refusal {
    return this.rotation.isFull ? TOO_MANY_REQUESTS : NOT_READY;
  }
}

function protocolOf({ isHttp, mode }: PortMapping): PortRoute["protocol"] {
  if (mode === "tls") return isHttp ? "https" : "tls";
  return isHttp ? "http" : "tcp";
}
