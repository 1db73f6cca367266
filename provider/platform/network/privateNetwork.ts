/** The private networks of the platform's instances: connects their VMs, knows their names, and wakes those that others connect to. */
import { HOST_NAME } from "../../contract/hostAccess";
import type { Vm } from "../vmm/vmm";
import { DEFAULT_NETWORK, type NetworkLayout } from "./addresses";
import type { NetworkView } from "./forwarding";
import { HostAddresses, isHostAddress } from "./hostAddresses";
import type { Ipv4 } from "../../base/ipv4";
import { park } from "./switch";
import { type MemberInterface, type NetworkMember, routerOf, Segment } from "./segment";

/** All networks. One exists from its first member to its last. */
export class PrivateNetwork {
  /** By uuid. */
  readonly #members = new Map<string, NetworkMember>();
  /** By name. */
  readonly #segments = new Map<string, Segment>();
  readonly #hostAddresses = new HostAddresses();

  /** Adds an instance, whether or not it runs. */
  add(member: NetworkMember): void {
    this.#members.set(member.uuid, member);
    for (const card of member.interfaces) this.#segmentOf(card).add(member, card);
  }

  /** Removes an instance that is gone. */
  remove(uuid: string): void {
    const member = this.#members.get(uuid);
    this.#members.delete(uuid);
    for (const card of member?.interfaces ?? []) {
      const segment = this.#segmentOf(card);
      if (member !== undefined) segment.remove(member, card);
      if (segment.isEmpty) this.#segments.delete(card.network);
    }
  }

  /** Connects the VM of an instance until it ends. */
  plug(uuid: string, vm: Pick<Vm, "link" | "exited">): void {
    this.replug(uuid, vm);
    const seats = (this.#members.get(uuid)?.interfaces ?? []).map((own) => ({ own, segment: this.#segmentOf(own) }));
    void vm.exited.then(() => {
      for (const [index, { own, segment }] of seats.entries()) segment.unplug(own, vm.link?.cards[index]);
    });
  }

  /** Connects a plugged VM again, which was saved and has a new link. Only the first card leads to the user network. */
  replug(uuid: string, { link }: Pick<Vm, "link">): void {
    const member = this.#members.get(uuid);
    if (link === undefined || member === undefined) return;
    for (const [index, own] of member.interfaces.entries()) {
      const card = link.cards[index];
      if (card === undefined) continue;
      const uplink = index === 0 ? link.uplink : undefined;
      this.#segmentOf(own).plug(this.#viewOf(member, own, uplink !== undefined), { card, uplink });
    }
  }

  /** Connects the VM of an instance that is in no network yet: the platform's own connections reach it, and it reaches nobody. */
  park([own]: readonly MemberInterface[], { link }: Pick<Vm, "link">): void {
    const card = link?.cards[0];
    if (own !== undefined && card !== undefined && link !== undefined)
      park({ layout: layoutOf(own), sender: own.ip }, card, link.uplink);
  }

  /** The instance is ready: it gets what was kept for it while it woke. */
  ready(uuid: string): void {
    for (const card of this.#members.get(uuid)?.interfaces ?? []) this.#segmentOf(card).ready(card);
  }

  /** Milliseconds since another instance last sent a request or data to this one; `Infinity` if none has. */
  idleMs(uuid: string): number {
    return Math.min(
      ...(this.#members.get(uuid)?.interfaces ?? []).map((card) => this.#segmentOf(card).idleMs(card)),
      Infinity,
    );
  }

  #segmentOf({ network }: MemberInterface): Segment {
    const segment = this.#segments.get(network) ?? new Segment();
    this.#segments.set(network, segment);
    return segment;
  }

  #viewOf(member: NetworkMember, card: MemberInterface, hasUplink: boolean): NetworkView {
    const segment = this.#segmentOf(card);
    const mayReachHost = (): boolean => this.#members.get(member.uuid)?.mayReachHost === true;
    return {
      layout: layoutOf(card),
      hasUplink,
      sender: card.ip,
      mayReachHost,
      isHostAddress: (address) => isHostAddress(address, this.#hostAddresses.current()),
      hasGuest: (address) => segment.hasGuest(address),
      routerFor: (destination) => routerOf(card, destination),
      routesFor: (receiver, source) => segment.routesThrough(card.ip, receiver, source),
      resolve: (name) =>
        name === HOST_NAME && mayReachHost() ? DEFAULT_NETWORK.gateway : this.#findByName(member, name),
    };
  }

  /**
   * An address at which the asking member reaches the one of this name, in the order of its own cards, or else one of this host name: a name
   * belongs to one member.
   */
  #findByName({ interfaces }: NetworkMember, name: string): Ipv4 | undefined {
    const segments = interfaces.map((card) => this.#segmentOf(card));
    const firstOf = (find: (segment: Segment) => Ipv4 | undefined): Ipv4 | undefined =>
      segments.map(find).find((address) => address !== undefined);
    return firstOf((segment) => segment.findByName(name)) ?? firstOf((segment) => segment.findByHostname(name));
  }
}

const layoutOf = ({ network, subnet }: MemberInterface): NetworkLayout => ({
  ...DEFAULT_NETWORK,
  name: network,
  subnet,
});
