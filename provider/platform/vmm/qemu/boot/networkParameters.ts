/** The networks of a guest, as parameters of its kernel's command line. Pure. */
import { isInSubnet, parseCidr, parseIpv4 } from "../../../../base/ipv4";
import type { VmInterface, VmNetwork } from "../../../network/addresses";
import type { VmSpec } from "../../vmm";

/** A route of a Linux guest. */
export interface GuestRoute {
  /** Such as `10.2.0.0/24`. */
  readonly destination: string;
  /** Empty: the card's own network has it. */
  readonly gateway: string;
  /** Index of the card. */
  readonly card: number;
}

const EVERYTHING = "0.0.0.0/0";

/** What leads to the router of a card; nothing without one. */
const routesToRouter = ({ gateway, routes }: VmInterface): readonly string[] =>
  gateway === undefined ? [] : routes.length === 0 ? [EVERYTHING] : routes;

const hasDefaultRoute = (one: VmInterface): boolean => routesToRouter(one).includes(EVERYTHING);

/** `<cidr>:<gateway>:<name server>::<host name>:` for one card. */
const addressParameter = ({ ip, prefixLength }: VmInterface, gateway: string, nameserver = "", hostname = ""): string =>
  `netdev.ip=${ip}/${prefixLength}:${gateway}:${nameserver}::${hostname}:`;

/** The routes besides those of a guest that has one card with the user network's gateway in its network. */
export function guestRoutes({ interfaces, gateway, nameserver }: VmNetwork): readonly GuestRoute[] {
  const [first] = interfaces;
  const isElsewhere =
    first !== undefined && !isInSubnet(parseIpv4(gateway), parseCidr(`${first.ip}/${first.prefixLength}`));
  const toUplink = isElsewhere
    ? [gateway, nameserver].map((address) => ({ destination: `${address}/32`, gateway: "", card: 0 }))
    : [];
  const toRouters = interfaces.flatMap((one, card) =>
    routesToRouter(one).map((destination) => ({ destination, gateway: one.gateway ?? "", card })),
  );
  const toInternet = interfaces.some(hasDefaultRoute) ? [] : [{ destination: EVERYTHING, gateway, card: 0 }];
  return [...toUplink, ...toRouters, ...toInternet];
}

/** For the stand-in guest, whose script sets any number of cards and routes. */
export function linuxNetworkParameters({ network, hostname }: VmSpec): string[] {
  const routes = guestRoutes(network);
  const [only, ...others] = routes;
  const isPlain = only?.destination === EVERYTHING && only.gateway === network.gateway && others.length === 0;
  return [
    ...network.interfaces.map((one, index) =>
      index === 0
        ? addressParameter(one, isPlain ? network.gateway : "", network.nameserver, hostname)
        : addressParameter(one, ""),
    ),
    ...(isPlain
      ? []
      : routes.map(({ destination, gateway, card }) => `netdev.route=${destination}:${gateway}:${card}`)),
  ];
}

/**
 * For a Unikraft kernel, one parameter per device. It sends what is outside of its networks to one gateway, which need not be in any of
 * them, and has no routes to single networks.
 */
export const unikraftNetworkParameters = ({ network, hostname }: VmSpec): string[] =>
  network.interfaces.map((one, index) => {
    const router = one.gateway ?? (index === 0 && !network.interfaces.some(hasDefaultRoute) ? network.gateway : "");
    return index === 0 ? addressParameter(one, router, network.nameserver, hostname) : addressParameter(one, router);
  });
