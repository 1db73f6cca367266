/** Hardware addresses of guests as numbers. Pure. */
import { type Ipv4, isInSubnet } from "../../base/ipv4";
import { DEFAULT_NETWORK } from "./addresses";

/** Prefix of the hardware addresses of guests, which is QEMU's own. Source: QEMU, net/net.c. */
const MAC_PREFIX = 0x5254_0000_0000;

/**
 * Hardware address of the guest with this address, as a 48-bit number. It has the octets of the address, so no two guests of a network, and no
 * two cards of a guest, have the same one. Guests of the default network have only the last three octets: VMs of earlier releases may run.
 */
export const macOfGuest = (address: Ipv4): number =>
  MAC_PREFIX + (isInSubnet(address, DEFAULT_NETWORK.subnet) ? address & 0xff_ffff : address);

/** A hardware address as `52:54:00:10:00:10`. */
export const formatMac = (mac: number): string => (mac.toString(16).padStart(12, "0").match(/../g) ?? []).join(":");
