import assert from "node:assert/strict";
import { DEFAULT_NETWORK } from "../../../../provider/platform/network/addresses";
import { decideForwarding, type NetworkView } from "../../../../provider/platform/network/forwarding";
import { isHostAddress } from "../../../../provider/platform/network/hostGuard";
import { parseIpv4 } from "../../../../provider/platform/network/ipv4";
import { arpFrame, dnsQuery, tcpFrame, udpFrame } from "../../../support/packets";

const ME = "172.16.0.16";
const PEER = "172.16.0.17";
const GATEWAY = "172.16.0.1";
const NAMESERVER = "172.16.0.2";
const HOST = "192.0.2.2";

const view = (more: Partial<NetworkView> = {}): NetworkView => ({
  layout: DEFAULT_NETWORK,
  sender: parseIpv4(ME),
  mayReachHost: () => false,
  isHostAddress: (address) => isHostAddress(address, new Set([parseIpv4(HOST)])),
  hasGuest: (address) => address === parseIpv4(PEER),
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
