/** Which addresses reach this host, or nobody. Guests must not connect to them. Pure. */
import { type Ipv4, isInSubnet, parseIpv4, type Subnet } from "../../base/ipv4";

const subnet = (address: string, prefixLength: number): Subnet => ({ address: parseIpv4(address), prefixLength });

/**
 * Ranges that never lead to the internet. Linux connects an address of the first to itself; the third has the metadata service of clouds;
 * the last two are multicast, and reserved with broadcast. Source: IANA, IPv4 Special-Purpose Address Registry.
 */
const FORBIDDEN: readonly Subnet[] = [
  subnet("0.0.0.0", 8),
  subnet("127.0.0.0", 8),
  subnet("169.254.0.0", 16),
  subnet("224.0.0.0", 4),
  subnet("240.0.0.0", 4),
];

/**
 * True if a packet to this address would reach the host.
 *
 * @param interfaces addresses of the host's own interfaces
 */
export const isHostAddress = (address: Ipv4, interfaces: ReadonlySet<Ipv4>): boolean =>
  interfaces.has(address) || FORBIDDEN.some((range) => isInSubnet(address, range));
