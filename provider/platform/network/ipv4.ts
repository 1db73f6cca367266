/** IPv4 and hardware addresses as numbers. Pure. */

/** An IPv4 address as an unsigned 32-bit number. */
export type Ipv4 = number;

/** `10.0.0.1` as a number. The text must be an address; see {@link isIpv4}. */
export const parseIpv4 = (text: string): Ipv4 =>
  text.split(".").reduce((address, octet) => address * 256 + Number(octet), 0);

/** A number as `10.0.0.1`. */
export const formatIpv4 = (address: Ipv4): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");

/** A range of addresses, such as 172.16.0.0/16. */
export interface Subnet {
  /** The first address. */
  readonly address: Ipv4;
  /** 0 to 32. */
  readonly prefixLength: number;
}

/** True if the address is in the subnet. */
export const isInSubnet = (address: Ipv4, { address: first, prefixLength }: Subnet): boolean =>
  prefixLength === 0 || address >>> (32 - prefixLength) === first >>> (32 - prefixLength);

/** Prefix of the hardware addresses of guests, which is QEMU's own. Source: QEMU, net/net.c. */
const MAC_PREFIX = 0x5254_0000_0000;

/**
 * Hardware address of the guest with this address, as a 48-bit number. It has the last three octets of the address, so no two guests of a
 * network have the same one.
 */
export const macOfGuest = (address: Ipv4): number => MAC_PREFIX + (address & 0xff_ffff);

/** A hardware address as `52:54:00:10:00:10`. */
export const formatMac = (mac: number): string => (mac.toString(16).padStart(12, "0").match(/../g) ?? []).join(":");
