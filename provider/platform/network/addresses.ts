/** Addresses of the private network, and which one a new instance gets. Pure. */
import { DEFAULT_NETWORK_NAME, DEFAULT_SUBNET, RESERVED_ADDRESSES } from "../../contract/networkInterfaces";
import { formatIpv4, formatSubnet, type Ipv4, isInSubnet, parseIpv4, type Subnet } from "../../base/ipv4";

/** The addresses of the platform's networks. All have the same, and no two instances have one together. */
export interface NetworkLayout {
  /** Name of the network of all instances that ask for no other. */
  readonly name: string;
  readonly subnet: Subnet;
  /** The way to the internet: QEMU's user network. Published ports reach the guest from here. */
  readonly gateway: Ipv4;
  /** The name server. */
  readonly nameserver: Ipv4;
}

/** The cloud's private addresses are in the same range, and Docker's default networks begin behind it. */
export const DEFAULT_NETWORK: NetworkLayout = {
  name: DEFAULT_NETWORK_NAME,
  subnet: DEFAULT_SUBNET,
  gateway: parseIpv4("172.16.0.1"),
  nameserver: parseIpv4("172.16.0.2"),
};

/** A network card of a VM. All addresses are IPv4. */
export interface VmInterface {
  /** The guest's address. */
  readonly ip: string;
  /** Of the network that the address is in. */
  readonly prefixLength: number;
  /** Hardware address, such as `52:54:00:10:00:10`. */
  readonly mac: string;
  /** A guest of the same network through which others are reached; `undefined`: none. */
  readonly gateway: string | undefined;
  /** What is reached through `gateway`, such as `10.2.0.0/24`; empty: everything that no other route leads to. */
  readonly routes: readonly string[];
}

/** The networks of a VM, as its guest is told at boot. All addresses are IPv4. */
export interface VmNetwork {
  /** Addresses of the VM's user network, such as `172.16.0.0/16`. */
  readonly subnet: string;
  /** The way to the internet, and where published ports come from. The first card leads there, also from another subnet. */
  readonly gateway: string;
  readonly nameserver: string;
  /** In the order in which the guest gets them; at least one. */
  readonly interfaces: readonly VmInterface[];
}

/** The networks of a VM with these cards. */
export const vmNetworkOf = (
  { subnet, gateway, nameserver }: NetworkLayout,
  interfaces: VmNetwork["interfaces"],
): VmNetwork => ({
  subnet: formatSubnet(subnet),
  gateway: formatIpv4(gateway),
  nameserver: formatIpv4(nameserver),
  interfaces,
});

/** The first addresses of the default network are not for instances: as many as in `RESERVED_ADDRESSES`. */
const RESERVED = 2 ** (32 - RESERVED_ADDRESSES.prefixLength);

/**
 * A free address for each of `count` new instances. Those after the last one in use come first, so that the address of a deleted instance is
 * not soon another one's. Fewer when the network is full.
 *
 * @param used addresses of instances, as text
 */
export function allocateAddresses({ subnet }: NetworkLayout, used: Iterable<string>, count: number): readonly string[] {
  const taken = new Set([...used].map(parseIpv4));
  const size = 2 ** (32 - subnet.prefixLength) - RESERVED - 1; // without the broadcast address
  const first = subnet.address + RESERVED;
  const last = Math.max(first - 1, ...[...taken].filter((address) => isInSubnet(address, subnet)));
  const found: string[] = [];
  for (let step = 0; step < size && found.length < count; step++) {
    const address = first + ((last + 1 - first + step) % size);
    if (!taken.has(address)) found.push(formatIpv4(address));
  }
  return found;
}
