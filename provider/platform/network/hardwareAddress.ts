/** Hardware addresses of guests as numbers. Pure. */
import { type Ipv4, isInSubnet, parseIpv4, type Subnet } from "../../base/ipv4";

/** Prefix of the hardware addresses of guests, which is QEMU's own. Source: QEMU, net/net.c. */
const MAC_PREFIX = 0x5254_0000_0000;
/** The default network, whose guests have only the last three octets of their addresses in the hardware address. */
const DEFAULT_RANGE: Subnet = { address: parseIpv4("172.16.0.0"), prefixLength: 16 };

/**
 * Hardware address of the guest with this address, as a 48-bit number. It has the octets of the address, so no two guests of a network, and no
 * two cards of a guest, have the same one. VMs that have run since earlier releases have addresses of the default network.
 */
export const macOfGuest = (address: Ipv4): number =>
  MAC_PREFIX + (isInSubnet(address, DEFAULT_RANGE) ? address & 0xff_ffff : address);

/** A hardware address as `52:54:00:10:00:10`. */
export const formatMac = (mac: number): string => (mac.toString(16).padStart(12, "0").match(/../g) ?? []).join(":");
