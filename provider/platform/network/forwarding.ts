/** Decides what the switch does with a frame from a guest. Pure. */
import { answerQuery, DNS_PORT } from "./dns";
import type { Frame } from "./frames";
import { type Ipv4, isInSubnet } from "../../base/ipv4";
import { RESERVED_ADDRESSES } from "../../contract/networkInterfaces";
import { macOfGuest } from "./hardwareAddress";
import { DEFAULT_NETWORK, type NetworkLayout } from "./addresses";
import { type ArpPacket, type Ipv4Packet, PROTOCOL, readPacket, sourceMac } from "./packets";
import { arpReply, resetReply, udpReply } from "./replies";

/** What the switch does with a frame. */
export type Forwarding =
  | { readonly to: "nobody" }
  /** To the sender's own user network, which leads to the internet. */
  | { readonly to: "uplink" }
  /** To another guest. `wakes`: it carries a request or data, so a sleeping guest must see it. */
  | { readonly to: "guest"; readonly address: Ipv4; readonly wakes: boolean }
  /** `frame` goes back to the sender. */
  | { readonly to: "sender"; readonly frame: Frame };

/** The network as a frame's sender sees it. */
export interface NetworkView {
  readonly layout: NetworkLayout;
  /** True if the card leads to the sender's user network; false for its further cards. */
  readonly hasUplink: boolean;
  /** Address of the sender. */
  readonly sender: Ipv4;
  /** True if the sender may connect to the host, at the gateway's address. */
  mayReachHost(): boolean;
  /** True if the host has the address, or nobody; see `hostAddresses.ts`. */
  isHostAddress(address: Ipv4): boolean;
  /** True if an instance that is running or asleep has the address. */
  hasGuest(address: Ipv4): boolean;
  /** The guest through which the sender reaches an address outside of the network; `undefined`: no guest. */
  routerFor(destination: Ipv4): Ipv4 | undefined;
  /** True if `receiver` reaches `source` through the sender, so that it gets packets of that address from it. */
  routesFor(receiver: Ipv4, source: Ipv4): boolean;
  /** The address of an instance by its lower-case name; `undefined` if there is none. */
  resolve(name: string): Ipv4 | undefined;
}

const DROP: Forwarding = { to: "nobody" };
const UPLINK: Forwarding = { to: "uplink" };
/** Ports of DHCP: client and server. Source: RFC 2131, section 4.1. */
const DHCP_PORTS = { source: 68, destination: 67 } as const;
/** The address of everybody. */
const BROADCAST: Ipv4 = 0xffff_ffff;

/** Decides from the frame and the network. Drops what does not come from the sender's own addresses, and what the network does not carry. */
export function decideForwarding(frame: Frame, view: NetworkView): Forwarding {
  const packet = readPacket(frame);
  if (packet === undefined || sourceMac(frame) !== macOfGuest(view.sender)) return DROP;
  return packet.kind === "arp" ? forwardArp(packet, view) : forwardIpv4(frame, packet, view);
}

/**
 * As {@link decideForwarding}, for a guest that is in no network yet: it may only answer what the platform asks it over its user network.
 *
 * @param view what it will see of its network
 */
export function decideParked(frame: Frame, view: Pick<NetworkView, "layout" | "sender">): Forwarding {
  const packet = readPacket(frame);
  const { layout, sender } = view;
  if (packet === undefined || sourceMac(frame) !== macOfGuest(sender)) return DROP;
  if (packet.kind === "arp")
    return isOwnArp(packet, sender) && (packet.target === layout.gateway || !packet.isRequest) ? UPLINK : DROP;
  const { source, destination, protocol, ports } = packet;
  if (protocol === PROTOCOL.udp && ports !== undefined && asksForAddress(packet, ports)) return UPLINK;
  return source === sender && destination === layout.gateway && isAnswer(packet) ? UPLINK : DROP;
}

const isOwnArp = (packet: ArpPacket, sender: Ipv4): boolean =>
  packet.sender === sender && packet.senderMac === macOfGuest(sender);

function forwardArp(packet: ArpPacket, view: NetworkView): Forwarding {
  const { layout, sender } = view;
  if (!isOwnArp(packet, sender)) return DROP;
  const isForUplink = packet.target === layout.gateway || packet.target === layout.nameserver || !packet.isRequest;
  if (isForUplink) return view.hasUplink ? UPLINK : DROP;
  if (packet.target === sender || !view.hasGuest(packet.target)) return DROP;
  return { to: "sender", frame: arpReply(packet, macOfGuest(packet.target)) };
}

function forwardIpv4(frame: Frame, packet: Ipv4Packet, view: NetworkView): Forwarding {
  const { source, destination, ports } = packet;
  const { layout } = view;
  const isUdp = packet.protocol === PROTOCOL.udp;
  if (isUdp && ports !== undefined && asksForAddress(packet, ports)) return view.hasUplink ? UPLINK : DROP;
  const isOwn = source === view.sender;
  if (isOwn && view.hasUplink) {
    if (destination === layout.nameserver) return isUdp ? forwardQuery(frame, packet, view) : refuse(frame, packet);
    if (destination === layout.gateway) return forwardToGateway(frame, packet, view);
  }
  const receiver = isInSubnet(destination, layout.subnet) ? destination : view.routerFor(destination);
  if (receiver === undefined) return isOwn ? forwardOutside(frame, packet, view) : DROP;
  // A router sends what its network expects from it; nobody else sends packets of other addresses, and nobody those of the platform.
  if (!isOwn && (isInSubnet(source, RESERVED_ADDRESSES) || !view.routesFor(receiver, source))) return DROP;
  if (!view.hasGuest(receiver)) return refuse(frame, packet); // it has stopped, and the sender remembers it
  return { to: "guest", address: receiver, wakes: carriesRequest(packet) };
}

/** True for a request to all DHCP servers. The user network takes one to any other address to the host's own servers. */
const asksForAddress = ({ source, destination }: Ipv4Packet, ports: NonNullable<Ipv4Packet["ports"]>): boolean =>
  source === 0 &&
  destination === BROADCAST &&
  ports.source === DHCP_PORTS.source &&
  ports.destination === DHCP_PORTS.destination;

/** Addresses of the user network are the host's, also for a card that is in another subnet. */
function forwardOutside(frame: Frame, packet: Ipv4Packet, view: NetworkView): Forwarding {
  const { destination } = packet;
  const isHost = view.isHostAddress(destination) || isInSubnet(destination, DEFAULT_NETWORK.subnet);
  return isHost || !view.hasUplink ? refuse(frame, packet) : UPLINK;
}

/** Published ports reach the guest from the gateway, so its answers must pass; a connection of its own would reach the host's loopback. */
function forwardToGateway(frame: Frame, packet: Ipv4Packet, view: NetworkView): Forwarding {
  return isAnswer(packet) || view.mayReachHost() ? UPLINK : refuse(frame, packet);
}

const isAnswer = (packet: Ipv4Packet): boolean =>
  packet.tcp !== undefined && (packet.tcp.isAck || packet.tcp.isReset) && !isOpening(packet);

function forwardQuery(frame: Frame, packet: Ipv4Packet, view: NetworkView): Forwarding {
  if (packet.ports?.destination !== DNS_PORT || packet.datagram === undefined) return DROP;
  const answer = answerQuery(packet.datagram, (name) => view.resolve(name));
  return answer === undefined ? UPLINK : { to: "sender", frame: udpReply(frame, packet, answer) };
}

/** A program whose connection is refused reports that at once; one whose packets are lost waits for minutes. */
function refuse(frame: Frame, packet: Ipv4Packet): Forwarding {
  if (packet.tcp === undefined || !isOpening(packet)) return DROP;
  return { to: "sender", frame: resetReply(frame, packet, packet.tcp) };
}

/** True for the first segment of a connection. */
const isOpening = ({ tcp }: Ipv4Packet): boolean => tcp !== undefined && tcp.isSyn && !tcp.isAck;

/** A lone acknowledgement, an end or a reset is no reason to wake a guest: the connection it belongs to may be gone. */
const carriesRequest = (packet: Ipv4Packet): boolean =>
  packet.protocol === PROTOCOL.udp || isOpening(packet) || (packet.tcp?.dataBytes ?? 0) > 0;
