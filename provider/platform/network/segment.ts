/** One private network: its members by address, the switch that connects their cards, and what is kept for those that sleep. */
import type { NetworkView } from "./forwarding";
import type { Frame } from "./frames";
import { type Ipv4, isInSubnet, type Subnet } from "../../base/ipv4";
import { Sleepers } from "./sleepers";
import { Switch, type SwitchPort } from "./switch";

/** An instance as its networks see it. */
export interface NetworkMember {
  readonly uuid: string;
  readonly name: string;
  /** What its guest calls itself; it has this name in its networks, too, unless that is the name of another member. */
  readonly hostname: string;
  /** Its network cards in their order; at least one. */
  readonly interfaces: readonly MemberInterface[];
  /** True if it may connect to the host's loopback address. */
  readonly mayReachHost: boolean;
  /** - `up`: its VM runs; `asleep`: traffic wakes it; `down`: neither */
  readonly state: "up" | "asleep" | "down";
  /** Wakes it. */
  wake(): void;
}

/** A network card of a {@link NetworkMember}. */
export interface MemberInterface {
  /** Name of its network. It reaches, and resolves, only members of the same one. */
  readonly network: string;
  readonly ip: Ipv4;
  /** The addresses of the network. */
  readonly subnet: Subnet;
  /** The member of the network through which it reaches `routes`; `undefined`: none. */
  readonly gateway: Ipv4 | undefined;
  /** Empty: everything outside of the network. */
  readonly routes: readonly Subnet[];
}

interface Seat {
  readonly member: NetworkMember;
  readonly card: MemberInterface;
}

/** The members of one network. */
export class Segment {
  readonly #seats = new Map<Ipv4, Seat>();
  readonly #switch = new Switch((receiver, frame, wakes) => this.#keep(receiver, frame, wakes));
  readonly #sleepers = new Sleepers();
  /** When each guest last got a request or data from another one, on the monotonic clock. */
  readonly #lastUsedMs = new Map<Ipv4, number>();

  get isEmpty(): boolean {
    return this.#seats.size === 0;
  }

  add(member: NetworkMember, card: MemberInterface): void {
    this.#seats.set(card.ip, { member, card });
  }

  /** Removes a member, unless another one has its address by now. */
  remove({ uuid }: NetworkMember, { ip }: MemberInterface): void {
    if (this.#seats.get(ip)?.member.uuid !== uuid) return;
    this.#seats.delete(ip);
    this.#sleepers.release(ip);
    this.#lastUsedMs.delete(ip);
  }

  /** Connects a card, instead of an earlier one with its address. */
  plug(view: NetworkView, port: SwitchPort): void {
    this.#switch.plug(view, port);
  }

  /** Disconnects the card of a VM that has ended, perhaps before it was ready. */
  unplug({ ip }: MemberInterface, card: SwitchPort["card"] | undefined): void {
    if (card !== undefined) this.#switch.unplug(ip, card);
    this.#sleepers.release(ip);
  }

  /** The member is ready: it gets what was kept for it while it woke. */
  ready({ ip }: MemberInterface): void {
    for (const frame of this.#sleepers.release(ip)) this.#switch.send(ip, frame);
  }

  /** Milliseconds since another member last sent a request or data to this one; `Infinity` if none has. */
  idleMs({ ip }: MemberInterface): number {
    return performance.now() - (this.#lastUsedMs.get(ip) ?? -Infinity);
  }

  /** True if a member that is running or asleep has the address. */
  hasGuest(address: Ipv4): boolean {
    const seat = this.#seats.get(address);
    return seat !== undefined && seat.member.state !== "down";
  }

  /** The address of a member by its lower-case name; `undefined` if there is none. */
  findByName(name: string): Ipv4 | undefined {
    for (const [address, { member }] of this.#seats) if (member.name.toLowerCase() === name) return address;
    return undefined;
  }

  /** The address of a member that is running or asleep by its lower-case host name, which several may have; `undefined` if there is none. */
  findByHostname(hostname: string): Ipv4 | undefined {
    for (const [address, { member }] of this.#seats)
      if (member.hostname.toLowerCase() === hostname && member.state !== "down") return address;
    return undefined;
  }

  /** True if the card at `receiver` reaches `source` through `router`. */
  routesThrough(router: Ipv4, receiver: Ipv4, source: Ipv4): boolean {
    const card = this.#seats.get(receiver)?.card;
    return card !== undefined && routerOf(card, source) === router;
  }

  /** A guest that is asleep gets the frame once it is ready; until then it would refuse the connection. */
  #keep(receiver: Ipv4, frame: Frame, wakes: boolean): boolean {
    const member = this.#seats.get(receiver)?.member;
    if (wakes) this.#lastUsedMs.set(receiver, performance.now());
    const isAsleep = member?.state === "asleep";
    if (!isAsleep && !this.#sleepers.has(receiver)) return false;
    if (wakes) this.#sleepers.keep(receiver, frame);
    if (wakes && isAsleep) member.wake();
    return true;
  }
}

/** The guest through which a card reaches an address outside of its network; `undefined`: no guest. Pure. */
export function routerOf({ gateway, routes, subnet }: MemberInterface, destination: Ipv4): Ipv4 | undefined {
  if (gateway === undefined || isInSubnet(destination, subnet)) return undefined;
  return routes.length === 0 || routes.some((route) => isInSubnet(destination, route)) ? gateway : undefined;
}
