/** The proxy of one service: its published ports, its instances, and the connections between them. */
import type * as net from "node:net";
import { ApiItemError } from "../errors";
import type { Timings } from "../timings";
import { openListener } from "./listener";
import { Rotation, type RotationEvents } from "./rotation";
import type { ConnectionLimits } from "./chooseInstance";
import { createRedirectHandler } from "./redirect";
import { splice } from "./splice";
import { type TlsCertificates, terminateTls } from "./tlsTermination";
import { withTimeout } from "../../base/timeout";

/** A published port and what becomes of its connections. */
export interface PortMapping {
  readonly port: number;
  /** Port inside an instance; of a redirect the public port that clients are sent to. */
  readonly destinationPort: number;
  readonly how: "plain" | "redirect" | { readonly tls: TlsCertificates };
}

/** What becomes of a connection that just came in. */
type ConnectionHandler = (client: net.Socket) => void;

interface PortListener {
  readonly server: net.Server;
  readonly handleConnection: ConnectionHandler;
}

/** Publishes a service's ports. */
export class ServiceProxy {
  readonly rotation: Rotation;
  readonly #timings: Timings;
  readonly #listeners = new Map<number, PortListener>();
  readonly #clients = new Set<net.Socket>();
  #closed = false;

  constructor(limits: ConnectionLimits, events: RotationEvents, timings: Timings) {
    this.rotation = new Rotation(limits, events, timings.connectTimeoutMs);
    this.#timings = timings;
  }

  /**
   * Makes exactly these ports open. New ones open before old ones close; when one cannot be opened nothing changes.
   * Open connections of a closed port go on. Throws refusals `NoFree`, `FailedOperation` once the proxy is closed.
   */
  async publish(ports: readonly PortMapping[]): Promise<void> {
    const entrances = new Map(ports.map((mapping) => [mapping.port, this.#handlerFor(mapping)]));
    const opened = new Map<number, net.Server>();
    try {
      for (const [port, enter] of entrances) {
        if (this.#listeners.has(port)) continue;
        const accept: ConnectionHandler = (client) =>
          (this.#listeners.get(port)?.handleConnection ?? enter)(this.#track(client));
        opened.set(port, await openListener(port, accept));
      }
      if (this.#closed)
        throw new ApiItemError("FailedOperation", "The service group is gone, so its ports stay closed");
    } catch (error) {
      for (const server of opened.values()) server.close();
      throw error;
    }
    for (const [port, enter] of entrances) {
      const server = opened.get(port) ?? this.#listeners.get(port)?.server;
      if (server !== undefined) this.#listeners.set(port, { server, handleConnection: enter });
    }
    for (const port of [...this.#listeners.keys()]) if (!entrances.has(port)) this.#unpublish(port);
  }

  /** Closes every port for good and cuts every connection. */
  close(): void {
    this.#closed = true;
    for (const port of [...this.#listeners.keys()]) this.#unpublish(port);
    for (const client of this.#clients) client.destroy();
  }

  #unpublish(port: number): void {
    this.#listeners.get(port)?.server.close();
    this.#listeners.delete(port);
  }

  #handlerFor({ destinationPort, how }: PortMapping): ConnectionHandler {
    if (how === "redirect") return createRedirectHandler(destinationPort);
    const serve: ConnectionHandler = (client) => void this.#serve(this.#track(client), destinationPort);
    return how === "plain" ? serve : terminateTls(how.tls, serve);
  }

  /** Knows a connection until it is closed; one that TLS was ended on is another one than what it came in as. */
  #track(client: net.Socket): net.Socket {
    if (this.#clients.has(client)) return client;
    this.#clients.add(client);
    client.once("close", () => this.#clients.delete(client));
    return client.on("error", () => undefined); // close follows
  }

  async #serve(client: net.Socket, destinationPort: number): Promise<void> {
    const gone = new AbortController();
    client.once("close", () => gone.abort());
    const lease = await withTimeout(this.#timings.connectionWaitMs, gone.signal, (signal) =>
      this.rotation.acquire(destinationPort, signal),
    );
    if (lease === undefined || client.destroyed) {
      client.destroy();
      lease?.socket.destroy();
      lease?.release();
      return;
    }
    const next = () => this.rotation.tryAcquire(destinationPort, gone.signal);
    await splice(client, lease, { drainIdleMs: this.#timings.drainIdleMs, acquireNext: next });
  }
}
