/** The proxy of one service: its published ports, its instances, and the connections between them. */
import type * as net from "node:net";
import type { Timings } from "../timings";
import { openListener } from "./listener";
import { Rotation, type RotationEvents } from "./rotation";
import type { Limits } from "./balance";
import { splice } from "./splice";
import { within } from "./within";

/** A published port and where it leads inside an instance. */
export interface PortMapping {
  readonly port: number;
  readonly destinationPort: number;
}

interface Listening {
  readonly server: net.Server;
  destinationPort: number;
}

/** Publishes a service's ports. */
export class ServiceProxy {
  readonly rotation: Rotation;
  readonly #timings: Timings;
  readonly #listening = new Map<number, Listening>();
  readonly #clients = new Set<net.Socket>();

  constructor(limits: Limits, events: RotationEvents, timings: Timings) {
    this.rotation = new Rotation(limits, events, timings.connectMs);
    this.#timings = timings;
  }

  /**
   * Makes exactly these ports open. New ones open before old ones close; when one cannot be opened nothing changes.
   * Open connections of a closed port go on. Throws a refusal `NoFree`.
   */
  async publish(ports: readonly PortMapping[]): Promise<void> {
    const opened: [number, Listening][] = [];
    try {
      for (const { port, destinationPort } of ports) {
        if (this.#listening.has(port)) continue;
        const server = await openListener(port, (client) => void this.#serve(client, port));
        opened.push([port, { server, destinationPort }]);
      }
    } catch (error) {
      for (const [, { server }] of opened) server.close();
      throw error;
    }
    for (const [port, listening] of opened) this.#listening.set(port, listening);
    for (const { port, destinationPort } of ports) {
      const listening = this.#listening.get(port);
      if (listening !== undefined) listening.destinationPort = destinationPort;
    }
    const kept = new Set(ports.map(({ port }) => port));
    for (const port of [...this.#listening.keys()]) if (!kept.has(port)) this.#unpublish(port);
  }

  /** Closes every port and cuts every connection. */
  close(): void {
    for (const port of [...this.#listening.keys()]) this.#unpublish(port);
    for (const client of this.#clients) client.destroy();
  }

  #unpublish(port: number): void {
    this.#listening.get(port)?.server.close();
    this.#listening.delete(port);
  }

  async #serve(client: net.Socket, port: number): Promise<void> {
    this.#clients.add(client);
    const gone = new AbortController();
    client.once("close", () => {
      this.#clients.delete(client);
      gone.abort();
    });
    client.on("error", () => undefined); // close follows
    const destinationPort = this.#listening.get(port)?.destinationPort ?? port;
    const lease = await within(this.#timings.holdMs, gone.signal, (signal) =>
      this.rotation.acquire(destinationPort, signal),
    );
    if (lease === undefined || client.destroyed) {
      client.destroy();
      lease?.socket.destroy();
      lease?.release();
      return;
    }
    const next = () => this.rotation.acquireNow(destinationPort, gone.signal);
    await splice(client, lease, { idleMs: this.#timings.drainIdleMs, next });
  }
}
