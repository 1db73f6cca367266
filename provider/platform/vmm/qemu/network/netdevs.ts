/**
 * The network of a VM, as arguments of QEMU. Pure.
 *
 * The guest's card is on a `stream` backend and the user network, through a hub, on another; the daemon's switch connects the two. QEMU
 * listens and the daemon connects, because QEMU 7.2 accepts a new connection whenever the last one is gone, but never opens one again.
 */
import type { VmNetwork } from "../../../network/addresses";
import type { VmFiles } from "../files";

/** Id of the user network; host forwards are added to it while the VM runs. */
export const NETDEV_ID = "n0";
/** Id of the backend of the guest's network card. */
export const CARD_ID = "card";
const UPLINK_ID = "uplink";
/** The hub in QEMU that joins the user network and its stream. */
const HUB_ID = 0;

/** The backends. A guest that asks for an address by DHCP gets its own, and host forwards go there. */
export function networkArguments(network: VmNetwork, files: VmFiles): string[] {
  const { subnet, gateway, nameserver, ip } = network;
  const backends = [
    `user,id=${NETDEV_ID},net=${subnet},host=${gateway},dns=${nameserver},dhcpstart=${ip},ipv6=off`,
    stream(UPLINK_ID, files.uplinkSocket),
    `hubport,id=hub-${NETDEV_ID},hubid=${HUB_ID},netdev=${NETDEV_ID}`,
    `hubport,id=hub-${UPLINK_ID},hubid=${HUB_ID},netdev=${UPLINK_ID}`,
    stream(CARD_ID, files.cardSocket),
  ];
  return backends.flatMap((backend) => ["-netdev", backend]);
}

/** QEMU splits options at commas; a literal comma is written twice. */
const stream = (id: string, path: string): string =>
  `stream,id=${id},server=on,addr.type=unix,addr.path=${path.replaceAll(",", ",,")}`;
