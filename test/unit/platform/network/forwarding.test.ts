import assert from "node:assert/strict";
import { DEFAULT_NETWORK } from "../../../../provider/platform/network/addresses";
import { decideForwarding, decideParked, type NetworkView } from "../../../../provider/platform/network/forwarding";
import { isHostAddress } from "../../../../provider/platform/network/hostAddresses";
import { isInSubnet, parseCidr, parseIpv4 } from "../../../../provider/base/ipv4";
import { arpFrame, dnsQuery, guestMac, tcpFrame, udpFrame } from "../../../support/packets";

const ME = "172.16.0.16";
const PEER = "172.16.0.17";
const GATEWAY = "172.16.0.1";
const NAMESERVER = "172.16.0.2";
const HOST = "192.0.2.2";

const view = (more: Partial<NetworkView> = {}): NetworkView => ({
  layout: DEFAULT_NETWORK,
  hasUplink: true,
  sender: parseIpv4(ME),
  mayReachHost: () => false,
  isHostAddress: (address) => isHostAddress(address, new Set([parseIpv4(HOST)])),
  hasGuest: (address) => address === parseIpv4(PEER),
  routerFor: () => undefined,
  routesFor: () => false,
  resolve: (name) => (name === "db" ? parseIpv4(PEER) : undefined),
  ...more,
});
const target = (frame: Buffer, more?: Partial<NetworkView>): string => decideForwarding(frame, view(more)).to;

/** The frame that goes back to the sender. */
function reply(frame: Buffer): Buffer {
  const forwarding = decideForwarding(frame, view());
  assert.equal(forwarding.to, "sender");
  return forwarding.to === "sender" ? forwarding.frame : Buffer.alloc(0);
}

describe("forwarding a guest's frame", () => {
  it("takes it to other guests and to the internet", () => {
    assert.deepEqual(decideForwarding(tcpFrame({ from: ME, to: PEER }), view()), {
      ...{ to: "guest", address: parseIpv4(PEER), wakes: true },
    });
    assert.equal(target(udpFrame({ from: ME, to: PEER, ports: [1, 2] })), "guest");
    assert.equal(target(tcpFrame({ from: ME, to: "93.184.216.34" })), "uplink");
    assert.equal(target(udpFrame({ from: ME, to: "93.184.216.34" })), "uplink");
    assert.equal(target(tcpFrame({ from: ME, to: "172.16.9.9" })), "sender", "no guest has this address");
  });

  it("never takes it to an address of the host", () => {
    for (const to of [
      GATEWAY,
      HOST,
      "127.0.0.1",
      "127.9.9.9",
      "0.0.0.0",
      "169.254.169.254",
      "224.0.0.1",
      "255.255.255.255",
    ]) {
      assert.equal(target(tcpFrame({ from: ME, to })), "sender", `${to} is refused`);
      assert.equal(target(udpFrame({ from: ME, to, ports: [1, 99] })), "nobody", to);
      assert.equal(target(tcpFrame({ from: ME, to, fragment: 1 })), "nobody", `a fragment to ${to}`);
    }
    assert.equal(target(tcpFrame({ from: ME, to: HOST, flags: "A" })), "nobody");
    assert.equal(target(tcpFrame({ from: ME, to: NAMESERVER, ports: [1, 53] })), "sender");
    assert.equal(target(udpFrame({ from: ME, to: NAMESERVER, ports: [1, 99] })), "nobody");
    assert.equal(target(udpFrame({ from: ME, to: NAMESERVER, fragment: 0x2000 })), "nobody");
  });

  it("lets answers of published ports pass, and connections to the host if the instance may", () => {
    for (const flags of ["SA", "A", "PA", "FA", "R"])
      assert.equal(target(tcpFrame({ from: ME, to: GATEWAY, flags })), "uplink", flags);
    assert.equal(target(tcpFrame({ from: ME, to: GATEWAY, flags: "F" })), "nobody");
    assert.equal(target(tcpFrame({ from: ME, to: GATEWAY }), { mayReachHost: () => true }), "uplink");
  });

  it("takes nothing of a guest that is in no network yet but its answers to the platform", () => {
    const parked = (frame: Buffer): string => decideParked(frame, view()).to;
    for (const flags of ["SA", "A", "PA", "R"])
      assert.equal(parked(tcpFrame({ from: ME, to: GATEWAY, flags })), "uplink", flags);
    assert.equal(parked(arpFrame({ from: ME, to: GATEWAY })), "uplink");
    const everybody = { from: "0.0.0.0", fromMac: guestMac(ME), to: "255.255.255.255" };
    assert.equal(parked(udpFrame({ ...everybody, ports: [68, 67] })), "uplink", "it asks for its own address");
    for (const [what, frame] of Object.entries({
      connection: tcpFrame({ from: ME, to: GATEWAY }),
      peer: tcpFrame({ from: ME, to: PEER, flags: "SA" }),
      internet: udpFrame({ from: ME, to: "93.184.216.34" }),
      name: udpFrame({ from: ME, to: NAMESERVER, data: dnsQuery("db.internal") }),
      neighbour: arpFrame({ from: ME, to: PEER }),
      otherSource: tcpFrame({ from: PEER, fromMac: guestMac(ME), to: GATEWAY, flags: "SA" }),
      otherCard: tcpFrame({ from: ME, fromMac: guestMac(PEER), to: GATEWAY, flags: "SA" }),
      garbage: Buffer.alloc(20),
    }))
      assert.equal(parked(frame), "nobody", what);
  });

  const ROUTER = "10.1.0.1";
  const CLIENT = "10.1.0.5";
  /** A card of `from` in 10.1.0.0/24, whose members reach 10.2.0.0/24 through `ROUTER`. */
  const cardOf = (from: string, more: Partial<NetworkView> = {}): NetworkView => {
    const isFar = (address: number): boolean => isInSubnet(address, parseCidr("10.2.0.0/24"));
    return view({
      layout: { ...DEFAULT_NETWORK, name: "inner", subnet: parseCidr("10.1.0.0/24") },
      sender: parseIpv4(from),
      hasUplink: false,
      hasGuest: (address) => [ROUTER, CLIENT].map(parseIpv4).includes(address),
      routerFor: (address) => (from === CLIENT && isFar(address) ? parseIpv4(ROUTER) : undefined),
      routesFor: (receiver, source) => from === ROUTER && receiver === parseIpv4(CLIENT) && isFar(source),
      ...more,
    });
  };

  it("takes it to a router where the sender's routes lead there, and from a router what its network expects", () => {
    const there = tcpFrame({ from: CLIENT, to: "10.2.0.5", toMac: guestMac(ROUTER) });
    assert.deepEqual(decideForwarding(there, cardOf(CLIENT)), { to: "guest", address: parseIpv4(ROUTER), wakes: true });
    const back = { from: "10.2.0.5", to: CLIENT, fromMac: guestMac(ROUTER), flags: "SA" };
    assert.deepEqual(decideForwarding(tcpFrame(back), cardOf(ROUTER)), {
      ...{ to: "guest", address: parseIpv4(CLIENT), wakes: false },
    });
    for (const [frame, why] of [
      [tcpFrame({ ...back, from: "10.3.0.5" }), "an address that no route leads to"],
      [tcpFrame({ ...back, to: "10.1.0.9" }), "a receiver without the route"],
      [tcpFrame({ ...back, to: "93.184.216.34" }), "the internet, with a foreign address"],
      [udpFrame({ ...back, to: NAMESERVER }), "the name server, with a foreign address"],
    ] as const)
      assert.equal(decideForwarding(frame, cardOf(ROUTER, { hasUplink: true })).to, "nobody", why);
    const asPlatform = tcpFrame({ ...back, from: GATEWAY });
    const everything = cardOf(ROUTER, { routesFor: () => true });
    assert.equal(
      decideForwarding(asPlatform, everything).to,
      "nobody",
      "the platform's address, to which all routes lead",
    );
    const forged = tcpFrame({ ...back, to: ROUTER, fromMac: guestMac(CLIENT) });
    assert.equal(decideForwarding(forged, cardOf(CLIENT)).to, "nobody", "from one that is no router");
  });

  it("takes nothing but its network's frames from a card that leads to no user network", () => {
    for (const to of ["93.184.216.34", GATEWAY, NAMESERVER]) {
      assert.equal(decideForwarding(tcpFrame({ from: CLIENT, to }), cardOf(CLIENT)).to, "sender", `${to} is refused`);
      assert.equal(decideForwarding(udpFrame({ from: CLIENT, to }), cardOf(CLIENT)).to, "nobody", to);
      assert.equal(decideForwarding(arpFrame({ from: CLIENT, to }), cardOf(CLIENT)).to, "nobody", `ARP for ${to}`);
    }
  });

  it("never takes it from another subnet to the addresses of the user network, which are the host's", () => {
    const withUplink = cardOf(CLIENT, { hasUplink: true });
    assert.equal(decideForwarding(tcpFrame({ from: CLIENT, to: "172.16.9.9" }), withUplink).to, "sender");
    assert.equal(
      decideForwarding(udpFrame({ from: CLIENT, to: "172.16.9.9", ports: [1, 2] }), withUplink).to,
      "nobody",
    );
    assert.equal(decideForwarding(tcpFrame({ from: CLIENT, to: "93.184.216.34" }), withUplink).to, "uplink");
    assert.equal(decideForwarding(tcpFrame({ from: CLIENT, to: GATEWAY, flags: "SA" }), withUplink).to, "uplink");
  });

  it("refuses a connection with a reset that the sender's kernel accepts", () => {
    const reset = reply(tcpFrame({ from: ME, to: HOST, toMac: "52:55:ac:10:00:01", ports: [40_000, 22] }));
    assert.equal(reset.toString("hex", 0, 12), "52540010001052" + "55ac100001");
    assert.equal(reset.toString("hex", 26, 34), "c0000202ac100010");
    assert.deepEqual([reset.readUInt16BE(34), reset.readUInt16BE(36)], [22, 40_000]);
    assert.equal(reset.readUInt32BE(42), 8, "it acknowledges the SYN");
    assert.equal(reset.readUInt8(47), 0x14);
    assert.equal(onesComplementSum(reset.subarray(14, 34)), 0xffff);
    const pseudoHeader = Buffer.concat([reset.subarray(26, 34), Buffer.from([0, 6, 0, 20])]);
    assert.equal(onesComplementSum(Buffer.concat([pseudoHeader, reset.subarray(34)])), 0xffff);
  });

  it("drops what has another guest's address, or is neither IPv4 nor ARP", () => {
    const asPeer = { from: PEER, to: "93.184.216.34" };
    assert.equal(target(tcpFrame(asPeer)), "nobody");
    assert.equal(target(tcpFrame({ ...asPeer, fromMac: "52:54:00:10:00:10" })), "nobody");
    assert.equal(target(tcpFrame({ from: ME, to: PEER, fromMac: "52:54:00:10:00:11" })), "nobody");
    assert.equal(target(arpFrame({ from: PEER, to: GATEWAY })), "nobody");
    const ipv6 = tcpFrame({ from: ME, to: PEER });
    ipv6.writeUInt16BE(0x86dd, 12);
    assert.equal(target(ipv6), "nobody");
    const frame = tcpFrame({ from: ME, to: PEER });
    for (let length = 0; length < 34; length++) assert.equal(target(frame.subarray(0, length)), "nobody");
  });

  it("answers ARP for guests that exist, and leaves the gateway and the name server to the user network", () => {
    const answer = reply(arpFrame({ from: ME, to: PEER }));
    assert.equal(
      answer.toString("hex"),
      "525400100010525400100011" + "080600010800060400025254001000" + "11ac100011525400100010ac100010",
    );
    for (const to of [GATEWAY, NAMESERVER]) assert.equal(target(arpFrame({ from: ME, to })), "uplink");
    for (const to of [ME, "172.16.9.9"]) assert.equal(target(arpFrame({ from: ME, to })), "nobody");
  });

  it("answers DNS for private names and leaves others to the user network", () => {
    const ask = (name: string): Buffer => udpFrame({ from: ME, to: NAMESERVER, data: dnsQuery(name) });
    assert.equal(reply(ask("db.internal")).toString("hex").slice(-8), "ac100011");
    assert.equal(target(ask("example.org")), "uplink");
  });

  it("lets a guest ask for its address by DHCP", () => {
    const ask = { from: "0.0.0.0", fromMac: "52:54:00:10:00:10", to: "255.255.255.255" };
    assert.equal(target(udpFrame({ ...ask, ports: [68, 67] })), "uplink");
    assert.equal(target(udpFrame({ ...ask, ports: [68, 69] })), "nobody");
    for (const to of [GATEWAY, NAMESERVER, HOST, "127.0.0.1", "169.254.169.254", "93.184.216.34", PEER])
      assert.equal(target(udpFrame({ ...ask, to, ports: [68, 67] })), "nobody", to);
  });

  it("wakes a guest for a request or data, but not for the end of a connection", () => {
    const wakes = (frame: Buffer): boolean => {
      const forwarding = decideForwarding(frame, view());
      return forwarding.to === "guest" && forwarding.wakes;
    };
    assert.ok(wakes(tcpFrame({ from: ME, to: PEER, flags: "PA", data: Buffer.from("x") })));
    for (const flags of ["A", "FA", "R", "SA"]) assert.ok(!wakes(tcpFrame({ from: ME, to: PEER, flags })), flags);
  });
});

/** All ones for bytes that contain their own checksum. Source: RFC 1071. */
function onesComplementSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}
