/** Rules of network interfaces with addresses that the program chooses, which the local platform and the preview share. Pure. */
import * as net from "node:net";
import { firstAddress, formatSubnet, type Ipv4, isInSubnet, parseCidr, parseIpv4, type Subnet } from "../base/ipv4";

/** A requested network interface. */
export interface InterfaceRequest {
  /** Name of its network; `undefined`: the network of all instances that ask for no other. */
  readonly network?: string | undefined;
  /** Address with prefix length, such as `10.1.0.4/24`; `undefined`: chosen by the platform. */
  readonly ip?: string | undefined;
  /** Address of another instance in the network. */
  readonly gateway?: string | undefined;
  /** Subnets that are reached through `gateway`; `undefined`: everything outside of the network. */
  readonly routes?: readonly string[] | undefined;
}

/** What is wrong with one of several interfaces. */
export interface InterfaceViolation {
  /** Of the interface. */
  readonly index: number;
  readonly member: "network" | "ip" | "gateway" | "routes";
  /** A clause. */
  readonly reason: string;
}

/** Addresses that the platform has in each network: the way to the internet, and the name server. */
export const RESERVED_ADDRESSES: Subnet = { address: parseIpv4("172.16.0.0"), prefixLength: 28 };

/** A smaller network has room for two members only; a larger one is a mistake. */
const PREFIX_LENGTHS = { least: 8, most: 30 } as const;

function isCidr(text: string, { least, most }: { readonly least: number; readonly most: number }): boolean {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const isNumber = /^\d{1,2}$/.test(prefix);
  return rest.length === 0 && net.isIPv4(address) && isNumber && Number(prefix) >= least && Number(prefix) <= most;
}

const overlap = (a: Subnet, b: Subnet): boolean => isInSubnet(a.address, b) || isInSubnet(b.address, a);

/** What is wrong with the interfaces of one instance, for itself; the first violation of each interface. */
export function interfaceViolations(interfaces: readonly InterfaceRequest[]): readonly InterfaceViolation[] {
  return interfaces.flatMap((one, index): InterfaceViolation[] => {
    const earlier = interfaces.slice(0, index);
    const violation =
      placeViolation(one, earlier, interfaces.length > 1) ??
      (one.ip === undefined ? undefined : addressViolation(one.ip, earlier)) ??
      gatewayViolation(one, earlier);
    return violation === undefined ? [] : [{ index, ...violation }];
  });
}

type Violation = Omit<InterfaceViolation, "index">;

function placeViolation(
  { network, ip }: InterfaceRequest,
  earlier: readonly InterfaceRequest[],
  isOneOfSeveral: boolean,
): Violation | undefined {
  if (network === undefined && (ip !== undefined || isOneOfSeveral))
    return { member: "network", reason: "required with an address, and with several interfaces: give a name" };
  if (ip === undefined && isOneOfSeveral)
    return { member: "ip", reason: "required with several interfaces: give an address such as 10.1.0.4/24" };
  if (network !== undefined && earlier.some((other) => other.network === network))
    return { member: "network", reason: `an earlier interface is in '${network}' already; use another network` };
  return undefined;
}

function addressViolation(ip: string, earlier: readonly InterfaceRequest[]): Violation | undefined {
  const fail = (reason: string): Violation => ({ member: "ip", reason });
  if (!isCidr(ip, PREFIX_LENGTHS)) {
    const { least, most } = PREFIX_LENGTHS;
    return fail(`must be an IPv4 address with a prefix length of ${least} to ${most}, such as 10.1.0.4/24`);
  }
  const own = parseCidr(ip);
  const first = firstAddress(own);
  if (own.address === first || own.address === first + 2 ** (32 - own.prefixLength) - 1)
    return fail(`is the first or last address of ${formatSubnet(own)}, which no instance can have`);
  if (isInSubnet(own.address, RESERVED_ADDRESSES))
    return fail(`is one of ${formatSubnet(RESERVED_ADDRESSES)}, which the platform has itself`);
  const other = earlier.find((one) => one.ip !== undefined && isCidr(one.ip, PREFIX_LENGTHS) && overlap(own, parseCidr(one.ip))); // prettier-ignore
  return other?.ip === undefined ? undefined : fail(`${formatSubnet(own)} overlaps ${formatSubnet(parseCidr(other.ip))} of an earlier interface`); // prettier-ignore
}

function gatewayViolation(
  { ip, gateway, routes }: InterfaceRequest,
  earlier: readonly InterfaceRequest[],
): Violation | undefined {
  if (gateway === undefined)
    return routes === undefined ? undefined : { member: "routes", reason: "requires gateway: through whom they lead" };
  if (ip === undefined) return { member: "gateway", reason: "requires ip, which tells the network that it is in" };
  const own = parseCidr(ip);
  const fail = (reason: string): Violation => ({ member: "gateway", reason });
  if (!net.isIPv4(gateway)) return fail("must be an IPv4 address");
  if (!isInSubnet(parseIpv4(gateway), own)) return fail(`is outside of the network ${formatSubnet(own)}`);
  if (parseIpv4(gateway) === own.address) return fail("is the interface's own address");
  if (routes === undefined)
    return earlier.some((one) => one.gateway !== undefined && one.routes === undefined)
      ? fail("an earlier interface has a gateway for everything already; give routes")
      : undefined;
  const bad = routes.find(
    (route) => !isCidr(route, { least: 0, most: 32 }) || formatSubnet(parseCidr(route)) !== route,
  );
  if (bad !== undefined)
    return { member: "routes", reason: `'${bad}' is not a subnet such as 10.2.0.0/24, with its first address` };
  const local = routes.find((route) => isInSubnet(parseCidr(route).address, own) && parseCidr(route).prefixLength >= own.prefixLength); // prettier-ignore
  if (local !== undefined) return { member: "routes", reason: `'${local}' is in the interface's own network` };
  return routes.length === 0
    ? { member: "routes", reason: "must not be empty; leave it out for everything" }
    : undefined;
}

/** An interface that exists, or that another instance of the same program has. */
export interface OccupiedInterface {
  readonly network: string;
  readonly ip: Ipv4;
  readonly subnet: Subnet;
}

/**
 * Why an interface cannot be in the network of another instance's, as a clause; `undefined` if it can. Both have valid addresses.
 *
 * @param owner names the other instance
 */
export function findConflict(mine: OccupiedInterface, other: OccupiedInterface, owner: string): string | undefined {
  if (mine.network !== other.network) return undefined;
  if (formatSubnet(mine.subnet) !== formatSubnet(other.subnet))
    return `network '${mine.network}' has the addresses ${formatSubnet(other.subnet)} of ${owner}, not ${formatSubnet(mine.subnet)}`;
  return mine.ip === other.ip ? `the address is already in use in network '${mine.network}', by ${owner}` : undefined;
}
