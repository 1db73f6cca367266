/** Rules of network interfaces with addresses that the program chooses, which the local platform and the preview share. Pure. */
import * as net from "node:net";
import {
  firstAddress,
  formatSubnet,
  type Ipv4,
  isInSubnet,
  parseCidr,
  parseIpv4,
  SPECIAL_SUBNETS,
  type Subnet,
} from "../base/ipv4";

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

/** The network of all instances that ask for no other. */
export const DEFAULT_NETWORK_NAME = "default";
/** Its addresses, and those of every network whose members choose none. */
export const DEFAULT_SUBNET: Subnet = { address: parseIpv4("172.16.0.0"), prefixLength: 16 };
/** Addresses that the platform has in each network: the way to the internet, and the name server. */
export const RESERVED_ADDRESSES: Subnet = { address: parseIpv4("172.16.0.0"), prefixLength: 28 };

const NETWORK_NAME = /^\P{Cc}{1,63}$/u;
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
      (one.ip === undefined ? undefined : addressViolation(one.ip, one.network, earlier)) ??
      gatewayViolation(one, earlier) ??
      routesViolation(one, interfaces, earlier);
    return violation === undefined ? [] : [{ index, ...violation }];
  });
}

type Violation = Omit<InterfaceViolation, "index">;

function placeViolation(
  { network, ip }: InterfaceRequest,
  earlier: readonly InterfaceRequest[],
  isOneOfSeveral: boolean,
): Violation | undefined {
  if (network !== undefined && !NETWORK_NAME.test(network))
    return { member: "network", reason: "must have 1 to 63 characters, none of them a control character" };
  if (network === undefined && (ip !== undefined || isOneOfSeveral))
    return { member: "network", reason: "required with an address, and with several interfaces: give a name" };
  if (ip === undefined && isOneOfSeveral)
    return { member: "ip", reason: "required with several interfaces: give an address such as 10.1.0.4/24" };
  if (network !== undefined && earlier.some((other) => other.network === network))
    return { member: "network", reason: `an earlier interface is in '${network}' already; use another network` };
  return undefined;
}

function addressViolation(
  ip: string,
  network: string | undefined,
  earlier: readonly InterfaceRequest[],
): Violation | undefined {
  const fail = (reason: string): Violation => ({ member: "ip", reason });
  if (!isCidr(ip, PREFIX_LENGTHS)) {
    const { least, most } = PREFIX_LENGTHS;
    return fail(`must be an IPv4 address with a prefix length of ${least} to ${most}, such as 10.1.0.4/24`);
  }
  const own = parseCidr(ip);
  if (isFirstOrLast(own.address, own))
    return fail(`is the first or last address of ${formatSubnet(own)}, which no instance can have`);
  const special = SPECIAL_SUBNETS.find((range) => isInSubnet(own.address, range));
  if (special !== undefined) return fail(`is in ${formatSubnet(special)}, whose addresses no instance can have`);
  if (isInSubnet(own.address, RESERVED_ADDRESSES))
    return fail(`is one of ${formatSubnet(RESERVED_ADDRESSES)}, which the platform has itself`);
  if (network === DEFAULT_NETWORK_NAME && formatSubnet(own) !== formatSubnet(DEFAULT_SUBNET))
    return fail(`network '${network}' has the addresses ${formatSubnet(DEFAULT_SUBNET)}; use another network`);
  const other = earlier.find((one) => one.ip !== undefined && isCidr(one.ip, PREFIX_LENGTHS) && overlap(own, parseCidr(one.ip))); // prettier-ignore
  return other?.ip === undefined ? undefined : fail(`${formatSubnet(own)} overlaps ${formatSubnet(parseCidr(other.ip))} of an earlier interface`); // prettier-ignore
}

const EVERYTHING = "0.0.0.0/0";

const routesOf = ({ gateway, routes = [EVERYTHING] }: InterfaceRequest): readonly string[] =>
  gateway === undefined ? [] : routes;

const isFirstOrLast = (address: Ipv4, subnet: Subnet): boolean => {
  const first = firstAddress(subnet);
  return address === first || address === first + 2 ** (32 - subnet.prefixLength) - 1;
};

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
  const address = parseIpv4(gateway);
  if (!isInSubnet(address, own)) return fail(`is outside of the network ${formatSubnet(own)}`);
  if (address === own.address) return fail("is the interface's own address");
  if (isFirstOrLast(address, own))
    return fail(`is the first or last address of ${formatSubnet(own)}, which no instance can have`);
  if (isInSubnet(address, RESERVED_ADDRESSES))
    return fail("is the platform's own; leave it out, since the internet is reached without it");
  const isSecond = routes === undefined && earlier.some((one) => routesOf(one).includes(EVERYTHING));
  return isSecond ? fail("an earlier interface has a gateway for everything already; give routes") : undefined;
}

/** A guest has at most one way to each subnet: its kernel refuses a second one. */
function routesViolation(
  { ip, routes }: InterfaceRequest,
  all: readonly InterfaceRequest[],
  earlier: readonly InterfaceRequest[],
): Violation | undefined {
  if (routes === undefined || ip === undefined) return undefined;
  const own = parseCidr(ip);
  const fail = (reason: string): Violation => ({ member: "routes", reason });
  if (routes.length === 0) return fail("must not be empty; leave it out for everything");
  const bad = routes.find(
    (route) => !isCidr(route, { least: 0, most: 32 }) || formatSubnet(parseCidr(route)) !== route,
  );
  if (bad !== undefined) return fail(`'${bad}' is not a subnet such as 10.2.0.0/24, with its first address`);
  const isWithin = (route: string, subnet: Subnet): boolean =>
    isInSubnet(parseCidr(route).address, subnet) && parseCidr(route).prefixLength >= subnet.prefixLength;
  const local = routes.find((route) => isWithin(route, own));
  if (local !== undefined) return fail(`'${local}' is in the interface's own network`);
  const platform = routes.find((route) => isWithin(route, RESERVED_ADDRESSES));
  if (platform !== undefined)
    return fail(`'${platform}' is in ${formatSubnet(RESERVED_ADDRESSES)}, which the platform has itself`);
  const connected = routes.find((route) => all.some((one) => one.ip !== undefined && isCidr(one.ip, PREFIX_LENGTHS) && formatSubnet(parseCidr(one.ip)) === route)); // prettier-ignore
  if (connected !== undefined) return fail(`'${connected}' is the network of another interface`);
  const twice = routes.find(
    (route, index) => routes.indexOf(route) !== index || earlier.some((one) => routesOf(one).includes(route)),
  );
  return twice === undefined ? undefined : fail(`'${twice}' is given twice`);
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
