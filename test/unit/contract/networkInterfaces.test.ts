/** Which network interfaces an instance can have on the local platform. */
import assert from "node:assert/strict";
import { parseCidr } from "../../../provider/base/ipv4";
import { findConflict, type InterfaceRequest, interfaceViolations } from "../../../provider/contract/networkInterfaces";

const INNER = { network: "inner", ip: "10.1.0.4/24" };
const OUTER = { network: "outer", ip: "10.2.0.4/24" };

/** Each violation as `<index>.<member>: <reason>`. */
const violations = (...interfaces: readonly InterfaceRequest[]): readonly string[] =>
  interfaceViolations(interfaces).map(({ index, member, reason }) => `${index}.${member}: ${reason}`);

describe("network interfaces of an instance", () => {
  it("are accepted alone or several, with and without addresses, routers and routes", () => {
    assert.deepEqual(violations(), []);
    assert.deepEqual(violations({}), []);
    assert.deepEqual(violations({ network: "dmz" }), []);
    assert.deepEqual(violations({ ...INNER, gateway: "10.1.0.1" }), []);
    assert.deepEqual(violations(INNER, { ...OUTER, gateway: "10.2.0.1", routes: ["10.3.0.0/24", "0.0.0.0/0"] }), []);
    assert.deepEqual(
      violations({ ...INNER, gateway: "10.1.0.1", routes: ["10.3.0.0/24"] }, { ...OUTER, gateway: "10.2.0.1" }),
      [],
    );
  });

  for (const [what, interfaces, expected] of [
    [
      "an address without a network",
      [{ ip: "10.1.0.4/24" }],
      "0.network: required with an address, and with several interfaces: give a name",
    ],
    ...["", "a\nb", "x".repeat(64)].map(
      (network) =>
        [
          `the network name ${JSON.stringify(network.slice(0, 8))}`,
          [{ network }],
          "0.network: must have 1 to 63 characters, none of them a control character",
        ] as const,
    ),
    [
      "a second one without an address",
      [INNER, { network: "outer" }],
      "1.ip: required with several interfaces: give an address such as 10.1.0.4/24",
    ],
    [
      "two in one network",
      [INNER, { ...INNER, ip: "10.1.0.5/24" }],
      "1.network: an earlier interface is in 'inner' already; use another network",
    ],
    [
      "overlapping networks",
      [INNER, { ...OUTER, ip: "10.1.5.4/16" }],
      "1.ip: 10.1.0.0/16 overlaps 10.1.0.0/24 of an earlier interface",
    ],
    [
      "IPv6",
      [{ network: "a", ip: "fd00::1/64" }],
      "0.ip: must be an IPv4 address with a prefix length of 8 to 30, such as 10.1.0.4/24",
    ],
    [
      "a long prefix",
      [{ network: "a", ip: "10.1.0.4/31" }],
      "0.ip: must be an IPv4 address with a prefix length of 8 to 30, such as 10.1.0.4/24",
    ],
    [
      "an octet that some programs read as octal",
      [{ network: "a", ip: "10.010.0.4/24" }],
      "0.ip: must be an IPv4 address with a prefix length of 8 to 30, such as 10.1.0.4/24",
    ],
    [
      "an octet above 255",
      [{ network: "a", ip: "10.1.0.256/24" }],
      "0.ip: must be an IPv4 address with a prefix length of 8 to 30, such as 10.1.0.4/24",
    ],
    [
      "the network's own address",
      [{ network: "a", ip: "10.1.0.0/24" }],
      "0.ip: is the first or last address of 10.1.0.0/24, which no instance can have",
    ],
    [
      "the broadcast address",
      [{ network: "a", ip: "192.168.101.7/29" }],
      "0.ip: is the first or last address of 192.168.101.0/29, which no instance can have",
    ],
    [
      "an address of the platform",
      [{ network: "a", ip: "172.16.0.1/16" }],
      "0.ip: is one of 172.16.0.0/28, which the platform has itself",
    ],
    [
      "the address of a loopback",
      [{ network: "a", ip: "127.0.0.5/24" }],
      "0.ip: is in 127.0.0.0/8, whose addresses no instance can have",
    ],
    [
      "the address of a group",
      [{ network: "a", ip: "224.0.0.5/24" }],
      "0.ip: is in 224.0.0.0/4, whose addresses no instance can have",
    ],
    [
      "other addresses in the network of all",
      [{ network: "default", ip: "10.1.0.4/24" }],
      "0.ip: network 'default' has the addresses 172.16.0.0/16; use another network",
    ],
    [
      "the network's own address as router",
      [{ ...INNER, gateway: "10.1.0.255" }],
      "0.gateway: is the first or last address of 10.1.0.0/24, which no instance can have",
    ],
    [
      "the platform as router",
      [{ network: "default", ip: "172.16.1.4/16", gateway: "172.16.0.1" }],
      "0.gateway: is the platform's own; leave it out, since the internet is reached without it",
    ],
    [
      "a route to the platform",
      [{ ...INNER, gateway: "10.1.0.1", routes: ["172.16.0.1/32"] }],
      "0.routes: '172.16.0.1/32' is in 172.16.0.0/28, which the platform has itself",
    ],
    [
      "one route twice",
      [{ ...INNER, gateway: "10.1.0.1", routes: ["10.3.0.0/24", "10.3.0.0/24"] }],
      "0.routes: '10.3.0.0/24' is given twice",
    ],
    [
      "one route on two interfaces",
      [
        { ...INNER, gateway: "10.1.0.1", routes: ["10.3.0.0/24"] },
        { ...OUTER, gateway: "10.2.0.1", routes: ["10.3.0.0/24"] },
      ],
      "1.routes: '10.3.0.0/24' is given twice",
    ],
    [
      "everything through two routers",
      [
        { ...INNER, gateway: "10.1.0.1" },
        { ...OUTER, gateway: "10.2.0.1", routes: ["0.0.0.0/0"] },
      ],
      "1.routes: '0.0.0.0/0' is given twice",
    ],
    [
      "a route to the network of another interface",
      [{ ...INNER, gateway: "10.1.0.1", routes: ["10.2.0.0/24"] }, OUTER],
      "0.routes: '10.2.0.0/24' is the network of another interface",
    ],
    [
      "a router outside of the network",
      [{ ...INNER, gateway: "10.2.0.1" }],
      "0.gateway: is outside of the network 10.1.0.0/24",
    ],
    ["a router that is no address", [{ ...INNER, gateway: "router" }], "0.gateway: must be an IPv4 address"],
    ["itself as its router", [{ ...INNER, gateway: "10.1.0.4" }], "0.gateway: is the interface's own address"],
    [
      "a router without an address",
      [{ network: "a", gateway: "10.1.0.1" }],
      "0.gateway: requires ip, which tells the network that it is in",
    ],
    [
      "routes without a router",
      [{ ...INNER, routes: ["10.3.0.0/24"] }],
      "0.routes: requires gateway: through whom they lead",
    ],
    [
      "no routes at all",
      [{ ...INNER, gateway: "10.1.0.1", routes: [] }],
      "0.routes: must not be empty; leave it out for everything",
    ],
    [
      "a route with an address of a guest",
      [{ ...INNER, gateway: "10.1.0.1", routes: ["10.3.0.4/24"] }],
      "0.routes: '10.3.0.4/24' is not a subnet such as 10.2.0.0/24, with its first address",
    ],
    [
      "a route into its own network",
      [{ ...INNER, gateway: "10.1.0.1", routes: ["10.1.0.0/25"] }],
      "0.routes: '10.1.0.0/25' is in the interface's own network",
    ],
    [
      "two routers for everything",
      [
        { ...INNER, gateway: "10.1.0.1" },
        { ...OUTER, gateway: "10.2.0.1" },
      ],
      "1.gateway: an earlier interface has a gateway for everything already; give routes",
    ],
  ] as const) {
    it(`are refused with ${what}`, () => assert.deepEqual(violations(...interfaces), [expected]));
  }

  it("conflict with those of another instance that has the address, or other addresses, in the same network", () => {
    const at = (network: string, cidr: string) => ({ network, ip: parseCidr(cidr).address, subnet: parseCidr(cidr) });
    const conflict = (mine: string, theirs: string, network = "inner") =>
      findConflict(at("inner", mine), at(network, theirs), "instance 'web'");
    assert.equal(conflict("10.1.0.4/24", "10.1.0.5/24"), undefined);
    assert.equal(conflict("10.1.0.4/24", "10.1.0.4/24", "outer"), undefined);
    assert.equal(
      conflict("10.1.0.4/24", "10.1.0.4/24"),
      "the address is already in use in network 'inner', by instance 'web'",
    );
    assert.equal(
      conflict("10.1.0.4/24", "10.9.0.4/24"),
      "network 'inner' has the addresses 10.9.0.0/24 of instance 'web', not 10.1.0.0/24",
    );
    assert.equal(
      conflict("10.1.0.4/16", "10.1.0.5/24"),
      "network 'inner' has the addresses 10.1.0.0/24 of instance 'web', not 10.1.0.0/16",
    );
  });
});
