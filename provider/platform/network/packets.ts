/**
 * Reads the headers of Ethernet frames: ARP, IPv4, TCP and UDP. Pure. Sources: RFC 826 (ARP), RFC 791 (IPv4), RFC 9293 (TCP), RFC 768
 * (UDP). Offsets are from the start of the frame.
 */
import type { Frame } from "./frames";
import type { Ipv4 } from "../../base/ipv4";

/** Length of an Ethernet header. */
export const ETHERNET_BYTES = 14;
/** The hardware address of everybody. */
export const BROADCAST_MAC = 0xffff_ffff_ffff;
/** Value of the field "type". */
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const;
/** Value of the field "protocol". */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

const ARP_BYTES = 28;
const MIN_IPV4_BYTES = 20;
const MIN_TCP_BYTES = 20;
const UDP_BYTES = 8;

/** An ARP request or reply. */
export interface ArpPacket {
  readonly kind: "arp";
  readonly isRequest: boolean;
  readonly senderMac: number;
  readonly sender: Ipv4;
  readonly target: Ipv4;
}

/** What a TCP segment says of its connection. */
export interface TcpHeader {
  readonly isSyn: boolean;
  readonly isAck: boolean;
  readonly isReset: boolean;
  readonly sequence: number;
  readonly acknowledged: number;
  /** Bytes of the connection that it carries. */
  readonly dataBytes: number;
}

/** An IPv4 packet. */
export interface Ipv4Packet {
  readonly kind: "ipv4";
  readonly source: Ipv4;
  readonly destination: Ipv4;
  /** See {@link PROTOCOL}. */
  readonly protocol: number;
  /** Ports of TCP and UDP; `undefined` for other protocols and for all fragments but the first. */
  readonly ports: { readonly source: number; readonly destination: number } | undefined;
  /** `undefined` unless it is TCP with a whole header. */
  readonly tcp: TcpHeader | undefined;
  /** What a UDP datagram carries; `undefined` for other protocols and for fragments. */
  readonly datagram: Buffer | undefined;
}

/** A frame that the network carries. */
export type Packet = ArpPacket | Ipv4Packet;

/** The hardware address that the frame is for. */
export const destinationMac = (frame: Frame): number => frame.readUIntBE(0, 6);
/** The hardware address that sent the frame. */
export const sourceMac = (frame: Frame): number => frame.readUIntBE(6, 6);

/** The packet in a frame; `undefined` for other protocols (IPv6 among them) and for headers that are cut off or contradict themselves. */
export function readPacket(frame: Frame): Packet | undefined {
  if (frame.length < ETHERNET_BYTES) return undefined;
  const type = frame.readUInt16BE(12);
  if (type === ETHERTYPE.arp) return readArp(frame);
  return type === ETHERTYPE.ipv4 ? readIpv4(frame) : undefined;
}

function readArp(frame: Frame): ArpPacket | undefined {
  const at = ETHERNET_BYTES;
  if (frame.length < at + ARP_BYTES) return undefined;
  // Ethernet (1), IPv4, addresses of 6 and 4 bytes
  if (frame.readUInt32BE(at) !== 0x0001_0800 || frame.readUInt16BE(at + 4) !== 0x0604) return undefined;
  return {
    kind: "arp",
    isRequest: frame.readUInt16BE(at + 6) === 1,
    senderMac: frame.readUIntBE(at + 8, 6),
    sender: frame.readUInt32BE(at + 14),
    target: frame.readUInt32BE(at + 24),
  };
}

function readIpv4(frame: Frame): Ipv4Packet | undefined {
  const at = ETHERNET_BYTES;
  if (frame.length < at + MIN_IPV4_BYTES) return undefined;
  const first = frame.readUInt8(at);
  const headerBytes = (first & 0x0f) * 4;
  const end = at + frame.readUInt16BE(at + 2); // an Ethernet frame may be padded
  if (first >> 4 !== 4 || headerBytes < MIN_IPV4_BYTES || end < at + headerBytes || end > frame.length)
    return undefined;
  const fragment = frame.readUInt16BE(at + 6);
  const isLaterFragment = (fragment & 0x1fff) !== 0;
  const isFragment = isLaterFragment || (fragment & 0x2000) !== 0;
  const protocol = frame.readUInt8(at + 9);
  const body = frame.subarray(at + headerBytes, end);
  const hasPorts = (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) && !isLaterFragment && body.length >= 4;
  const isDatagram = protocol === PROTOCOL.udp && !isFragment && body.length >= UDP_BYTES;
  return {
    kind: "ipv4",
    source: frame.readUInt32BE(at + 12),
    destination: frame.readUInt32BE(at + 16),
    protocol,
    ports: hasPorts ? { source: body.readUInt16BE(0), destination: body.readUInt16BE(2) } : undefined,
    tcp: protocol === PROTOCOL.tcp && !isLaterFragment ? readTcp(body) : undefined,
    datagram: isDatagram ? body.subarray(UDP_BYTES) : undefined,
  };
}

function readTcp(segment: Buffer): TcpHeader | undefined {
  if (segment.length < MIN_TCP_BYTES) return undefined;
  const headerBytes = (segment.readUInt8(12) >> 4) * 4;
  if (headerBytes < MIN_TCP_BYTES || headerBytes > segment.length) return undefined;
  const flags = segment.readUInt8(13);
  return {
    isSyn: (flags & 0x02) !== 0,
    isAck: (flags & 0x10) !== 0,
    isReset: (flags & 0x04) !== 0,
    sequence: segment.readUInt32BE(4),
    acknowledged: segment.readUInt32BE(8),
    dataBytes: segment.length - headerBytes,
  };
}
