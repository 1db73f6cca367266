/**
 * The networks of a VM, as arguments of QEMU. Pure.
 *
 * Each of the guest's cards is on a `stream` backend and the user network, through a hub, on another; the daemon's switches connect them. QEMU
 * listens and the daemon connects, because QEMU 7.2 accepts a new connection whenever the last one is gone, but never opens one again.
 */
import type { VmNetwork } from "../../../network/addresses";
import { isInSubnet, parseCidr, parseIpv4 } from "../../../../base/ipv4";
import { cardSocketOf, type VmFiles } from "../files";

/** Id of the user network; host forwards are added to it while the VM runs. */
export const NETDEV_ID = "n0";
/** Id of the backend of the guest's network card at this index. */
export const cardId = (index: number): string => (index === 0 ? "card" : `card${index}`);
const UPLINK_ID = "uplink";
/** The hub in QEMU that joins the user network and its stream. */
const HUB_ID = 0;

/**
 * The address that host forwards must name; empty where they go to the guest without: the address that DHCP gives is its own then, which it can
 * be only in the user network's subnet.
 */
export function forwardAddress({ subnet, interfaces: [first] }: VmNetwork): string {
  return first === undefined || isInSubnet(parseIpv4(first.ip), parseCidr(subnet)) ? "" : first.ip;
}

/** The backends. A guest that asks for an address by DHCP gets its own, and host forwards go there, if it is in the same subnet. */
export function networkArguments(network: VmNetwork, files: VmFiles): string[] {
  const { subnet, gateway, nameserver, interfaces } = network;
  const dhcp = forwardAddress(network) === "" ? `,dhcpstart=${interfaces[0]?.ip}` : "";
  const backends = [
    `user,id=${NETDEV_ID},net=${subnet},host=${gateway},dns=${nameserver}${dhcp},ipv6=off`,
    stream(UPLINK_ID, files.uplinkSocket),
    `hubport,id=hub-${NETDEV_ID},hubid=${HUB_ID},netdev=${NETDEV_ID}`,
    `hubport,id=hub-${UPLINK_ID},hubid=${HUB_ID},netdev=${UPLINK_ID}`,
    ...interfaces.map((_, index) => stream(cardId(index), cardSocketOf(files, index))),
  ];
  return backends.flatMap((backend) => ["-netdev", backend]);
}

/** QEMU splits options at commas; a literal comma is written twice. */
const stream = (id: string, path: string): string =>
  `stream,id=${id},server=on,addr.type=unix,addr.path=${path.replaceAll(",", ",,")}`;
