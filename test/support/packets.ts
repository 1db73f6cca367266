/** Frames as a guest's kernel sends them, built without the code that reads them. */

/** Fields of an IPv4 packet; the rest is arbitrary. */
export interface PacketFields {
  readonly from: string;
  readonly to: string;
  readonly fromMac?: string;
  readonly toMac?: string;
  readonly ports?: readonly [source: number, destination: number];
  /** Letters of the TCP flags, such as `SA`. */
  readonly flags?: string;
  readonly data?: Buffer;
  /** Field "flags and fragment offset". */
  readonly fragment?: number;
}

const octets = (address: string): number[] => address.split(".").map(Number);
const hex = (mac: string): number[] => mac.split(":").map((digits) => parseInt(digits, 16));
const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const BITS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 };

/** Hardware address of the guest with this address: in the default network without the address's first octet. */
export function guestMac(address: string): string {
  const pairs = octets(address).map((octet) => octet.toString(16).padStart(2, "0"));
  return ["52:54", ...(address.startsWith("172.16.") ? ["00", ...pairs.slice(1)] : pairs)].join(":");
}

const ethernet = (to: string, from: string, type: number): number[] => [...hex(to), ...hex(from), ...u16(type)];

function ipv4({ from, to, fromMac, toMac, fragment = 0 }: PacketFields, protocol: number, body: number[]): Buffer {
  const macs = [toMac ?? guestMac(to), fromMac ?? guestMac(from)] as const;
  const header = [0x45, 0, ...u16(20 + body.length), 0, 0, ...u16(fragment), 64, protocol, 0, 0];
  return Buffer.from([...ethernet(...macs, 0x0800), ...header, ...octets(from), ...octets(to), ...body]);
}

/** A TCP segment. */
export function tcpFrame(fields: PacketFields): Buffer {
  const { ports = [40_000, 80], flags = "S", data = Buffer.alloc(0) } = fields;
  const bits = [...flags].reduce((sum, letter) => sum | (BITS[letter] ?? 0), 0);
  const rest = [...u16(0), ...u16(0), ...u16(0)];
  return ipv4(fields, 6, [...ports.flatMap(u16), 0, 0, 0, 7, 0, 0, 0, 9, 0x50, bits, ...rest, ...data]);
}

/** A UDP datagram. */
export function udpFrame(fields: PacketFields): Buffer {
  const { ports = [40_000, 53], data = Buffer.alloc(0) } = fields;
  return ipv4(fields, 17, [...ports.flatMap(u16), ...u16(8 + data.length), 0, 0, ...data]);
}

/** An ARP request for `to`. */
export function arpFrame({ from, to, fromMac = guestMac(from) }: PacketFields): Buffer {
  const head = ethernet("ff:ff:ff:ff:ff:ff", fromMac, 0x0806);
  return Buffer.from([
    ...head,
    0,
    1,
    8,
    0,
    6,
    4,
    0,
    1,
    ...hex(fromMac),
    ...octets(from),
    0,
    0,
    0,
    0,
    0,
    0,
    ...octets(to),
  ]);
}

/** A DNS query for the addresses of a name. */
export function dnsQuery(name: string, type = 1, id = 0x1234): Buffer {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([...u16(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, ...u16(type), 0, 1]);
}
