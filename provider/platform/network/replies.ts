/** Builds the frames that the switch itself sends: answers to ARP requests, DNS queries and refused connections. Pure. */
import type { Frame } from "./frames";
import type { Ipv4 } from "../../base/ipv4";
import {
  type ArpPacket,
  ETHERNET_BYTES,
  ETHERTYPE,
  type Ipv4Packet,
  PROTOCOL,
  sourceMac,
  type TcpHeader,
} from "./packets";

const IPV4_BYTES = 20;
const TCP_BYTES = 20;
const UDP_BYTES = 8;
/** Time to live of a packet that the switch sends; nobody forwards it. */
const TTL = 64;
const FLAGS = { reset: 0x04, ack: 0x10 } as const;

/** Tells the sender of an ARP request the hardware address of its target. */
export function arpReply({ senderMac, sender, target }: ArpPacket, targetMac: number): Frame {
  const frame = newFrame(28, senderMac, targetMac, ETHERTYPE.arp);
  const body = frame.subarray(ETHERNET_BYTES);
  body.writeUInt32BE(0x0001_0800, 0); // Ethernet, IPv4
  body.writeUInt16BE(0x0604, 4); // addresses of 6 and 4 bytes
  body.writeUInt16BE(2, 6); // a reply
  body.writeUIntBE(targetMac, 8, 6);
  body.writeUInt32BE(target, 14);
  body.writeUIntBE(senderMac, 18, 6);
  body.writeUInt32BE(sender, 24);
  return frame;
}

/** A datagram to the sender of `packet`, from the address and port that it sent to. */
export function udpReply(frame: Frame, packet: Ipv4Packet, data: Buffer): Frame {
  const udp = Buffer.alloc(UDP_BYTES);
  udp.writeUInt16BE(packet.ports?.destination ?? 0, 0);
  udp.writeUInt16BE(packet.ports?.source ?? 0, 2);
  udp.writeUInt16BE(UDP_BYTES + data.length, 4);
  return ipv4Reply(frame, packet, PROTOCOL.udp, Buffer.concat([udp, data]), 6);
}

/** Refuses the connection that a SYN asks for, as a host does on which nothing listens. */
export function resetReply(frame: Frame, packet: Ipv4Packet, { sequence, dataBytes }: TcpHeader): Frame {
  const tcp = Buffer.alloc(TCP_BYTES);
  tcp.writeUInt16BE(packet.ports?.destination ?? 0, 0);
  tcp.writeUInt16BE(packet.ports?.source ?? 0, 2);
  tcp.writeUInt32BE((sequence + dataBytes + 1) >>> 0, 8); // the SYN counts as one
  tcp.writeUInt8((TCP_BYTES / 4) << 4, 12);
  tcp.writeUInt8(FLAGS.reset | FLAGS.ack, 13);
  return ipv4Reply(frame, packet, PROTOCOL.tcp, tcp, 16);
}

/** @param checksumAt where the transport checksum is in `body` */
function ipv4Reply(frame: Frame, packet: Ipv4Packet, protocol: number, body: Buffer, checksumAt: number): Frame {
  const reply = newFrame(IPV4_BYTES + body.length, sourceMac(frame), frame.readUIntBE(0, 6), ETHERTYPE.ipv4);
  const header = reply.subarray(ETHERNET_BYTES, ETHERNET_BYTES + IPV4_BYTES);
  header.writeUInt8(0x45, 0); // version 4, five words
  header.writeUInt16BE(IPV4_BYTES + body.length, 2);
  header.writeUInt8(TTL, 8);
  header.writeUInt8(protocol, 9);
  header.writeUInt32BE(packet.destination, 12);
  header.writeUInt32BE(packet.source, 16);
  header.writeUInt16BE(checksum(header), 10);
  const pseudoHeader = pseudoHeaderOf(packet.destination, packet.source, protocol, body.length);
  // In UDP, zero means that there is no checksum; its other form is all ones.
  body.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, body])) || 0xffff, checksumAt);
  body.copy(reply, ETHERNET_BYTES + IPV4_BYTES);
  return reply;
}

function pseudoHeaderOf(source: Ipv4, destination: Ipv4, protocol: number, length: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32BE(source, 0);
  header.writeUInt32BE(destination, 4);
  header.writeUInt8(protocol, 9);
  header.writeUInt16BE(length, 10);
  return header;
}

/** The Internet checksum. Source: RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes.readUInt8(at) << 8) + (at + 1 < bytes.length ? bytes.readUInt8(at + 1) : 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function newFrame(bodyBytes: number, destination: number, source: number, type: number): Frame {
  const frame = Buffer.alloc(ETHERNET_BYTES + bodyBytes);
  frame.writeUIntBE(destination, 0, 6);
  frame.writeUIntBE(source, 6, 6);
  frame.writeUInt16BE(type, 12);
  return frame;
}
