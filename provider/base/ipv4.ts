/** IPv4 addresses as numbers. Pure. */

/** An IPv4 address as an unsigned 32-bit number. */
export type Ipv4 = number;

/** `10.0.0.1` as a number. The text must be an address. */
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

/** `10.0.0.0/8` of any address in it. */
export const formatSubnet = ({ address, prefixLength }: Subnet): string =>
  `${formatIpv4(firstAddress({ address, prefixLength }))}/${prefixLength}`;

/** The first address of the subnet that `address` is in. */
export const firstAddress = ({ address, prefixLength }: Subnet): Ipv4 => {
  const size = 2 ** (32 - prefixLength);
  return Math.floor(address / size) * size;
};

/** The address in `10.0.0.4/8`. */
export const addressInCidr = (text: string): string => text.split("/")[0] ?? "";

/** `10.0.0.4/8` as numbers. The text must be an address with a prefix length. */
export function parseCidr(text: string): Subnet {
  const [address = "", prefixLength = ""] = text.split("/");
  return { address: parseIpv4(address), prefixLength: Number(prefixLength) };
}

/**
 * Ranges that no machine has an address of its own in. Linux connects an address of the first to itself; the third has the metadata service of
 * clouds; the last two are multicast, and reserved with broadcast. Source: IANA, IPv4 Special-Purpose Address Registry.
 */
export const SPECIAL_SUBNETS: readonly Subnet[] = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
].map(parseCidr);
