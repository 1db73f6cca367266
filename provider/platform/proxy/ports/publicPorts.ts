/** The published ports of all services. */
import type * as net from "node:net";
import { openListeners } from "../listener";
import type { ConnectionBudget } from "./connectionBudget";
import { PublicPort, type PortRoute } from "./publicPort";

interface OpenPort {
  readonly port: PublicPort;
  readonly servers: readonly net.Server[];
  /** The services that use it, or are about to. */
  readonly owners: Set<object>;
}

/** Opens each port once, for all the services on it. */
export class PublicPorts {
  readonly #budget: ConnectionBudget;
  readonly #ports = new Map<number, OpenPort>();

  constructor(budget: ConnectionBudget) {
    this.#budget = budget;
  }

  /**
   * Opens these ports for a service, and leaves all others. New ports open before old ones close; if one cannot be opened, nothing
   * changes. The caller has made sure that the services on a port can share it.
   *
   * Throws `ApiItemError` `NoFree` for a port that another program uses, and what `isStillWanted` throws.
   *
   * @param assertStillWanted called once all ports are open
   */
  async publish(owner: object, routes: ReadonlyMap<number, PortRoute>, assertStillWanted: () => void): Promise<void> {
    const joined: number[] = [];
    try {
      for (const number of routes.keys()) if (await this.#join(owner, number)) joined.push(number);
      assertStillWanted();
    } catch (error) {
      for (const number of joined) this.#leave(owner, number);
      throw error;
    }
    for (const [number, { port, owners }] of [...this.#ports]) {
      if (routes.has(number)) port.setRoute(owner, routes.get(number));
      else if (owners.has(owner)) this.#leave(owner, number);
    }
  }

  /** Leaves every port. Open connections continue. */
  withdraw(owner: object): void {
    for (const [number, { owners }] of [...this.#ports]) if (owners.has(owner)) this.#leave(owner, number);
  }

  /** False if the service was on this port before. */
  async #join(owner: object, number: number): Promise<boolean> {
    const known = this.#ports.get(number);
    if (known !== undefined) {
      const isNew = !known.owners.has(owner);
      known.owners.add(owner);
      return isNew;
    }
    const port = new PublicPort(this.#budget);
    const servers = await openListeners(number, (client) => void port.accept(client));
    this.#ports.set(number, { port, servers, owners: new Set([owner]) });
    return true;
  }

  #leave(owner: object, number: number): void {
    const open = this.#ports.get(number);
    if (open === undefined) return;
    open.port.setRoute(owner, undefined);
    open.owners.delete(owner);
    if (open.owners.size > 0) return;
    this.#ports.delete(number);
    for (const server of open.servers) server.close();
    open.port.close();
  }
}
