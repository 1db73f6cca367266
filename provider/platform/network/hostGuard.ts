/** Which addresses reach this host, or nobody. Guests must not connect to them. Pure. */
import { type Ipv4, isInSubnet, SPECIAL_SUBNETS } from "../../base/ipv4";

/**
 * True if a packet to this address would reach the host.
 *
 * @param interfaces addresses of the host's own interfaces
 */
export const isHostAddress = (address: Ipv4, interfaces: ReadonlySet<Ipv4>): boolean =>
  interfaces.has(address) || SPECIAL_SUBNETS.some((range) => isInSubnet(address, range));
