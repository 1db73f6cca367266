import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../provider/pulumi/invoke";
import * as unikernel from "../../../../sdk";
import { checkFirewall, checkRouter } from "../../../../sdk/network/checks";
import { mockPlatform } from "../../../../sdk/testing";

type FirewallArgs = unikernel.FirewallArgs;

const OUTSIDE = { network: "outside", ip: "192.168.100.254/24", external: true };
const TRANSIT = { network: "transit", ip: "192.168.101.3/29", gateway: "192.168.101.2", routes: ["10.0.0.0/24"] };
const WEB = { action: "allow", protocol: "tcp", to: "10.0.0.5", port: 80 } as const;
const ADMIN = {
  action: "allow",
  protocol: "tcp",
  from: "192.168.100.0/28",
  to: "192.168.100.254",
  port: 8080,
} as const;
const VALID: FirewallArgs = {
  ...{ image: "acme/firewall:1", interfaces: [OUTSIDE, TRANSIT], rules: [WEB, ADMIN] },
  adminFrom: "192.168.100.0/28",
};

/** What the program is told about these arguments; empty if they are valid. */
function toldOf(check: () => void): string {
  try {
    check();
    return "";
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
}
const firewall = (more: Partial<FirewallArgs>): string =>
  toldOf(() => checkFirewall("edge", { ...VALID, ...more })).replace("INPUT_INVALID: Firewall 'edge': ", "");
const rules = (...own: FirewallArgs["rules"]): string => firewall({ rules: [...own, ADMIN] });

describe("a Firewall", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(120_000); // the first run loads the provider

  it("is an instance that gets its rules and hands its addresses over", async () => {
    const platform = mockPlatform({ metro: "local" });
    await platform.run(() => {
      new unikernel.Firewall("edge", { ...VALID, memoryMb: 96, instance: { args: ["/fw"], env: { LEVEL: "info" } } });
      return {};
    });
    const { inputs } = platform.find("Instance", "edge");
    assert.deepEqual(inputs["env"], {
      LEVEL: "info",
      FIREWALL_RULES:
        "allow tcp 0.0.0.0/0 10.0.0.5/32 80-80;allow tcp 192.168.100.0/28 192.168.100.254/32 8080-8080;deny any 0.0.0.0/0 0.0.0.0/0 0-65535",
      FIREWALL_ADMIN_PORT: "8080",
    });
    assert.deepEqual(inputs["networkInterfaces"], [{ network: "outside", ip: "192.168.100.254/24" }, TRANSIT]);
    assert.deepEqual(
      [inputs["takeOver"], inputs["restartPolicy"], inputs["memoryMb"], inputs["args"]],
      [true, "always", 96, ["/fw"]],
    );
  });

  it("needs an external card, and cards whose addresses can be read", () => {
    assert.equal(firewall({}), "");
    const inside = { ...OUTSIDE, external: false };
    assert.equal(
      firewall({ interfaces: [inside, TRANSIT] }),
      "interfaces: none is external; set external: true on the one that leads outside.",
    );
    assert.equal(firewall({ interfaces: [OUTSIDE] }), "interfaces: must be at least 2, to forward between, got 1.");
    assert.equal(
      firewall({ interfaces: [{ ...OUTSIDE, ip: "192.168.100.254" }, TRANSIT] }),
      "interfaces[0].ip: must be an IPv4 address with a prefix length, such as 10.0.0.254/24, got '192.168.100.254'.",
    );
    assert.equal(
      firewall({ interfaces: [OUTSIDE, { ...TRANSIT, routes: ["10.0.0.0"] }] }),
      "interfaces[1].routes: '10.0.0.0' is not a subnet such as 10.0.0.0/24.",
    );
  });

  it("has rules about addresses that it reaches, with ports of protocols that have them", () => {
    assert.equal(
      rules({ ...WEB, to: "10.0.0.500" }),
      "rules[0].to: must be an IPv4 address or a subnet, such as 10.0.0.0/24, got '10.0.0.500'.",
    );
    assert.equal(
      rules({ ...WEB, from: "172.20.0.0/16" }),
      "rules[0].from: 172.20.0.0/16 is in no network of the firewall, and in none of its routes; correct one of them.",
    );
    const { gateway, network, ip } = TRANSIT;
    assert.equal(
      firewall({ interfaces: [OUTSIDE, { gateway, network, ip }], rules: [{ ...WEB, from: "172.20.0.0/16" }, ADMIN] }),
      "",
    );
    assert.equal(rules({ action: "deny", port: 80 }), 'rules[0].port: needs the protocol "tcp" or "udp".');
    for (const port of [0, 65_536, 1.5] as const)
      assert.equal(
        rules({ ...WEB, port }),
        `rules[0].port: must be a port from 1 to 65535, or the first and the last of a range, got ${port}.`,
      );
    assert.match(rules({ ...WEB, port: [90, 80] }), /^rules\[0\]\.port: must be a port .* got 90,80\.$/);
    assert.equal(firewall({ rules: Array.from({ length: 257 }, () => WEB) }), "rules: must be at most 256, got 257.");
  });

  it("has no rule that never applies, and none whose order alone decides", () => {
    assert.equal(
      rules({ ...WEB, port: [1, 1000] }, WEB),
      "rules[1]: has no effect, because rules[0] fits all its packets; remove it.",
    );
    assert.equal(
      rules({ action: "allow", to: "10.0.0.0/24" }, { ...WEB, action: "deny" }),
      "rules[1]: contradicts rules[0], which fits all its packets first; move it before that one, or remove it.",
    );
    assert.equal(
      rules({ ...WEB, port: [1, 100] }, { ...WEB, action: "deny", port: [80, 200] }),
      "rules[1]: overlaps rules[0], which has the other action, and neither contains the other; split one of them.",
    );
    assert.equal(rules({ ...WEB, action: "deny", from: "192.168.100.77" }, WEB), "", "an exception before its rule");
    assert.equal(rules({ ...WEB, port: [1, 100] }, { ...WEB, port: [80, 200] }), "", "the same action");
    assert.equal(rules(WEB, { ...WEB, action: "deny", protocol: "udp" }), "", "another protocol");
  });

  it("has rules as their types say, also where they come from a file", () => {
    const of = (rule: object): string => rules(rule as FirewallArgs["rules"][number]);
    assert.equal(of({ action: "drop" }), 'rules[0].action: must be "allow" or "deny".');
    assert.equal(of({ ...WEB, protocol: "TCP" }), 'rules[0].protocol: must be "tcp" or "udp" or "icmp".');
    assert.equal(of({ action: "allow", form: "10.0.0.5" }), "rules[0]: has no argument 'form'; did you mean 'from'?");
    assert.equal(
      of({ action: "allow", sourceAddress: "10.0.0.5" }),
      "rules[0]: has no argument 'sourceAddress'; known are action, protocol, from, to, port.",
    );
    const range = "rules[0].port: must be a number, or a list of the first and the last port of a range.";
    for (const port of ["80", null, [80], [80, 90, 100]]) assert.equal(of({ ...WEB, port }), range);
    assert.equal(of({ ...WEB, to: 5 }), "rules[0].to: must be a text that is known at preview, not an output.");
    assert.equal(of({ ...WEB, from: null }), "rules[0].from: must be a text that is known at preview, not an output.");
    assert.equal(rules(...([null] as unknown as FirewallArgs["rules"])), "rules[0]: must be an object.");
    assert.equal(
      of({ ...WEB, to: "10.0.0.5/24" }),
      "rules[0].to: 10.0.0.5/24 is an address in 10.0.0.0/24; write 10.0.0.5 for it alone, or that subnet.",
    );
  });

  it("has arguments as their types say", () => {
    const of = (more: object): string => firewall(more as Partial<FirewallArgs>);
    const list = "must be a list that is known at preview, not an output.";
    assert.equal(of({ rules: undefined }), `rules: ${list}`);
    assert.equal(of({ rules: pulumi.output([WEB]) }), `rules: ${list}`);
    assert.equal(of({ interfaces: undefined }), `interfaces: ${list}`);
    assert.equal(of({ interfaces: [OUTSIDE, { ...TRANSIT, routes: "10.0.0.0/24" }] }), `interfaces[1].routes: ${list}`);
    const text = "must be a text that is known at preview, not an output.";
    assert.equal(of({ interfaces: [{ ...OUTSIDE, ip: pulumi.output(OUTSIDE.ip) }] }), `interfaces[0].ip: ${text}`);
    assert.equal(of({ interfaces: [OUTSIDE, { ...TRANSIT, routes: [null] }] }), `interfaces[1].routes[0]: ${text}`);
    assert.equal(
      of({ interfaces: [{ ...OUTSIDE, external: "yes" }] }),
      "interfaces[0].external: must be true or false.",
    );
    assert.equal(of({ adminFrom: 5 }), `adminFrom: ${text}`);
    assert.equal(of({ defaultPolicy: "reject" }), 'defaultPolicy: must be "allow" or "deny".');
    assert.equal(of({ defaultPolice: "allow" }), "has no argument 'defaultPolice'; did you mean 'defaultPolicy'?");
  });

  it("gives its instance what was checked", () => {
    assert.equal(
      firewall({ instance: { env: { FIREWALL_RULES: "allow any" } } }),
      "instance.env: the component sets FIREWALL_RULES; remove it.",
    );
    assert.equal(
      firewall({ instance: { networkInterfaces: [] } }),
      "instance.networkInterfaces: has no effect; set interfaces instead.",
    );
    assert.equal(firewall({ instance: { env: pulumi.output({ LEVEL: "info" }) } }), "");
  });

  it("has its rules even if an output that is known later names others", async () => {
    const platform = mockPlatform({ metro: "local" });
    await platform.run(() => {
      const env = pulumi.output({ LEVEL: "info", FIREWALL_RULES: "allow any 0.0.0.0/0 0.0.0.0/0 0-65535" });
      new unikernel.Firewall("edge", { ...VALID, rules: [ADMIN], instance: { env } });
      return {};
    });
    assert.deepEqual(platform.find("Instance", "edge").inputs["env"], {
      LEVEL: "info",
      FIREWALL_RULES: "allow tcp 192.168.100.0/28 192.168.100.254/32 8080-8080;deny any 0.0.0.0/0 0.0.0.0/0 0-65535",
      FIREWALL_ADMIN_PORT: "8080",
    });
  });

  it("looks for its administrator behind the card that leads there, not behind the default route", () => {
    const interfaces = [
      { ...OUTSIDE, gateway: "192.168.100.1" },
      { network: "office", ip: "10.9.0.1/24" },
    ];
    const office = { action: "allow", protocol: "tcp", from: "10.9.0.0/24", to: "10.9.0.1", port: 8080 } as const;
    const adminFrom = "10.9.0.0/24";
    assert.equal(firewall({ interfaces, rules: [office], adminFrom }), "");
    assert.equal(
      firewall({ interfaces, rules: [{ ...office, to: "192.168.100.254" }], adminFrom }),
      "adminFrom: the default policy locks 10.9.0.0/24 out of port 8080 of the firewall; before it, allow tcp from there to 10.9.0.1.",
    );
    assert.equal(
      firewall({ interfaces, rules: [office], adminFrom: "10.9.0.7/24" }),
      "adminFrom: 10.9.0.7/24 is an address in 10.9.0.0/24; write 10.9.0.7 for it alone, or that subnet.",
    );
  });

  it("lets its administrator in", () => {
    const lockedOut = (by: string): string =>
      `adminFrom: ${by} locks 192.168.100.0/28 out of port 8080 of the firewall; before it, allow tcp from there to 192.168.100.254.`;
    assert.equal(firewall({ rules: [WEB] }), lockedOut("the default policy"));
    assert.equal(firewall({ rules: [WEB], defaultPolicy: "allow" }), "");
    assert.equal(
      firewall({ rules: [{ ...ADMIN, action: "deny", from: "192.168.100.3" }, ADMIN] }),
      lockedOut("rules[0]"),
    );
    assert.equal(firewall({ rules: [{ ...ADMIN, from: "192.168.100.0/29" }] }), lockedOut("the default policy"));
    assert.equal(firewall({ rules: [{ action: "deny", protocol: "udp" }, ADMIN] }), "");
    const halves = ["192.168.100.0/29", "192.168.100.8/29"].map((from) => ({ ...ADMIN, from }));
    assert.equal(firewall({ rules: halves }), "", "both together");
    const [low, high] = halves as [typeof ADMIN, typeof ADMIN];
    const denyLow = { action: "deny", from: low.from } as const;
    assert.equal(firewall({ rules: [low, denyLow, high] }), "", "what is denied has been allowed before");
    assert.equal(firewall({ rules: [high, denyLow] }), lockedOut("rules[1]"));
    assert.equal(firewall({ adminPort: 0 }), "adminPort: must be from 1 to 65535, got 0.");
    assert.equal(firewall({ adminPort: 22, adminFrom: undefined }), "", "the program gets it in any case");
    assert.match(firewall({ adminFrom: "admin" }), /^adminFrom: must be an IPv4 address or a subnet/);
    assert.match(firewall({ adminFrom: "172.20.0.1" }), /^adminFrom: 172\.20\.0\.1 is in no network of the firewall/);
    assert.equal(firewall({ adminFrom: undefined, rules: [] }), "");
  });
});

describe("a Router", function () {
  after(() => answerInvokes(undefined));
  this.timeout(120_000);

  it("is an instance that forwards", async () => {
    const platform = mockPlatform({ metro: "local" });
    const interfaces = [{ network: "dmz", ip: "10.0.0.254/24" }, TRANSIT].map((one) => ({ ...one, routes: undefined }));
    await platform.run(() => {
      new unikernel.Router("router", { image: "acme/router:1", interfaces });
      return {};
    });
    const { inputs } = platform.find("Instance", "router");
    assert.deepEqual([inputs["env"], inputs["takeOver"]], [{ ROUTER_FORWARD: "1" }, true]);
  });

  it("has something to forward between", () => {
    assert.equal(
      toldOf(() => checkRouter("router", { image: "a", interfaces: [] })),
      "INPUT_INVALID: Router 'router': interfaces: must be at least 2, to forward between, got 0.",
    );
    const interfaces = [{ network: "dmz", ip: "10.0.0.254/24" }, TRANSIT];
    assert.equal(
      toldOf(() => checkRouter("router", { image: "a", interfaces, rules: [] } as unknown as unikernel.RouterArgs)),
      "INPUT_INVALID: Router 'router': has no argument 'rules'; known are image, memoryMb, interfaces, instance.",
    );
    assert.equal(
      toldOf(() => checkRouter("router", { image: "a", interfaces, instance: { env: { ROUTER_FORWARD: "0" } } })),
      "INPUT_INVALID: Router 'router': instance.env: the component sets ROUTER_FORWARD; remove it.",
    );
  });
});
