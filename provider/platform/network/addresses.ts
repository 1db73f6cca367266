/** Addresses of the private network, and which one a new instance gets. Pure. */
import { formatIpv4, formatMac, type Ipv4, isInSubnet, macOfGuest, parseIpv4, type Subnet } from "./ipv4";

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
  name: "default",
  subnet: { address: parseIpv4("172.16.0.0"), prefixLength: 16 },
  gateway: parseIpv4("172.16.0.1"),
  nameserver: parseIpv4("172.16.0.2"),
};

/** The network of a VM, as its guest is told at boot. All addresses are IPv4. */
export interface VmNetwork {
  /** Such as `172.16.0.0/16`. */
  readonly subnet: string;
  /** The guest's address in it. */
  readonly ip: string;
  /** Hardware address of its network card, such as `52:54:00:10:00:10`. */
  readonly mac: string;
  /** The way to the internet, and where published ports come from. */
  readonly gateway: string;
  readonly nameserver: string;
}

/** The network of a VM whose guest has the address `ip`. */
export const vmNetworkOf = ({ subnet, gateway, nameserver }: NetworkLayout, ip: string): VmNetwork => ({
  subnet: `${formatIpv4(subnet.address)}/${subnet.prefixLength}`,
  ip,
  mac: formatMac(macOfGuest(parseIpv4(ip))),
  gateway: formatIpv4(gateway),
  nameserver: formatIpv4(nameserver),
});

/** The first addresses of a network are not for instances. */
const RESERVED = 16;

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
