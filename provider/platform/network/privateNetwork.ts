/** The private networks of the platform's instances: connects their VMs, knows their names, and wakes those that others connect to. */
import type { Vm } from "../vmm/vmm";
import { DEFAULT_NETWORK } from "./addresses";
import type { NetworkView } from "./forwarding";
import type { Frame } from "./frames";
import { HostAddresses } from "./hostAddresses";
import { isHostAddress } from "./hostGuard";
import { type Ipv4, parseIpv4 } from "./ipv4";
import { Sleepers } from "./sleepers";
import { Switch } from "./switch";

/** Annotation of an instance that may connect to this host, under the name `host.internal`. Its value is `true`. */
export const HOST_ACCESS_ANNOTATION = "unikernel.local/host-access";
/** An instance that may reach the host finds it under this name of the private zone. */
const HOST_NAME = "host";

/** An instance as the network sees it. */
export interface NetworkMember {
  readonly name: string;
  /** Name of its network. It reaches, and resolves, only members of the same one. */
  readonly network: string;
  /** Address in the network, as text. */
  readonly ip: string;
  /** True if it may connect to the host's loopback address. */
  readonly mayReachHost: boolean;
  /** - `up`: its VM runs; `asleep`: traffic wakes it; `down`: neither */
  readonly state: "up" | "asleep" | "down";
  /** Wakes it. */
  wake(): void;
}

/** All networks. They share one switch and its addresses, but a member sees only those of its own network. */
export class PrivateNetwork {
  readonly #members = new Map<Ipv4, NetworkMember>();
  readonly #switch = new Switch((receiver, frame, wakes) => this.#keep(receiver, frame, wakes));
  readonly #sleepers = new Sleepers();
  readonly #hostAddresses = new HostAddresses();
  /** When each guest last got a request or data from another one, on the monotonic clock. */
  readonly #lastUsedMs = new Map<Ipv4, number>();

  /** Adds an instance, whether or not it runs. */
  add(member: NetworkMember): void {
    this.#members.set(parseIpv4(member.ip), member);
  }

  /** Removes an instance that is gone. */
  remove(ip: string): void {
    const address = parseIpv4(ip);
    this.#members.delete(address);
    this.#sleepers.release(address);
    this.#lastUsedMs.delete(address);
  }

  /** Connects the VM of an instance until it ends. */
  plug(ip: string, vm: Pick<Vm, "link" | "exited">): void {
    const address = parseIpv4(ip);
    this.replug(ip, vm);
    void vm.exited.then(() => {
      if (vm.link !== undefined) this.#switch.unplug(address, vm.link);
      this.#sleepers.release(address); // it ended before it was ready
    });
  }

  /** Connects a plugged VM again, which was saved and has a new link. */
  replug(ip: string, { link }: Pick<Vm, "link">): void {
    if (link !== undefined) this.#switch.plug(this.#viewOf(parseIpv4(ip)), link);
  }

  /** The instance is ready: it gets what was kept for it while it woke. */
  ready(ip: string): void {
    const address = parseIpv4(ip);
    for (const frame of this.#sleepers.release(address)) this.#switch.send(address, frame);
  }

  /** Milliseconds since another instance last sent a request or data to this one; `Infinity` if none has. */
  idleMs(ip: string): number {
    return performance.now() - (this.#lastUsedMs.get(parseIpv4(ip)) ?? -Infinity);
  }

  #viewOf(sender: Ipv4): NetworkView {
    const mayReachHost = (): boolean => this.#members.get(sender)?.mayReachHost === true;
    return {
      layout: DEFAULT_NETWORK,
      sender,
      mayReachHost,
      isHostAddress: (address) => isHostAddress(address, this.#hostAddresses.current()),
      hasGuest: (address) => this.#isTogether(sender, address) && this.#members.get(address)?.state !== "down",
      resolve: (name) => {
        if (name === HOST_NAME && mayReachHost()) return DEFAULT_NETWORK.gateway;
        const address = this.#findByName(name);
        return address !== undefined && this.#isTogether(sender, address) ? address : undefined;
      },
    };
  }

  /** True if both are members of the same network. */
  #isTogether(one: Ipv4, other: Ipv4): boolean {
    const network = this.#members.get(one)?.network;
    return network !== undefined && network === this.#members.get(other)?.network;
  }

  #findByName(name: string): Ipv4 | undefined {
    for (const [address, member] of this.#members) if (member.name.toLowerCase() === name) return address;
    return undefined;
  }

  /** A guest that is asleep gets the frame once it is ready; until then it would refuse the connection. */
  #keep(receiver: Ipv4, frame: Frame, wakes: boolean): boolean {
    const member = this.#members.get(receiver);
    if (wakes) this.#lastUsedMs.set(receiver, performance.now());
    const isAsleep = member?.state === "asleep";
    if (!isAsleep && !this.#sleepers.has(receiver)) return false;
    if (wakes) this.#sleepers.keep(receiver, frame);
    if (wakes && isAsleep) member.wake();
    return true;
  }
}
