/** The published ports of all services. */
import { ApiItemError } from "../../errors";
import { type OpenListeners, openListeners } from "../listener";
import type { ConnectionBudget } from "./connectionBudget";
import { PublicPort, type PortRoute } from "./publicPort";

interface OpenPort extends OpenListeners {
  readonly port: PublicPort;
  /** The services that use it, or are about to. */
  readonly owners: Set<object>;
}

/** Opens each port once, for all the services on it. */
export class PublicPorts {
  readonly #budget: ConnectionBudget;
  /** By the port that services publish. */
  readonly #ports = new Map<number, OpenPort>();
  readonly #open: typeof openListeners;

  /** @param open for tests */
  constructor(budget: ConnectionBudget, open = openListeners) {
    this.#budget = budget;
    this.#open = open;
  }

  /** The port of this machine on which a published port is open: another one where this user may not listen on it. */
  hostPortOf(number: number): number {
    return this.#ports.get(number)?.hostPort ?? number;
  }

  /**
   * Opens these ports for a service, and leaves all others. New ports open before old ones close; if one cannot be opened, nothing
   * changes. The caller has made sure that the services on a port can share it.
   *
   * Throws `ApiItemError` `NoFree` for a port that another program uses or that stands in for another port, and what `isStillWanted` throws.
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
    this.#assertStandsInForNone(number);
    const port = new PublicPort(this.#budget);
    const listeners = await this.#open(number, (client) => void port.accept(client));
    this.#ports.set(number, { port, ...listeners, owners: new Set([owner]) });
    return true;
  }

  #assertStandsInForNone(number: number): void {
    for (const [published, { hostPort }] of this.#ports)
      if (hostPort === number)
        throw new ApiItemError(
          "NoFree",
          `Port ${number} stands in for port ${published}, on which this user may not listen; use another port`,
        );
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
