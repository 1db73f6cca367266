import assert from "node:assert/strict";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { NetworkChecker } from "../../../provider/pulumi/networkChecker";

/** Checks the interfaces of one resource after the other. */
function checking(isLocal = true) {
  const checker = new NetworkChecker();
  const check = (label: string, inputs: Record<string, unknown>, hasDerivedName = true) =>
    checker.check({ label: `Instance '${label}'`, urn: label, inputs, hasDerivedName }, isLocal);
  return {
    check,
    instance: (label: string, ...networkInterfaces: readonly unknown[]) => check(label, { networkInterfaces }),
  };
}
const card = (network: string, ip: string, more: object = {}) => ({ network, ip, ...more });

describe("the check of network interfaces", () => {
  it("lets an instance take over its predecessor's addresses only locally, and only with a name of its own", () => {
    const inputs = { takeOver: true, networkInterfaces: [card("inner", "10.1.0.1/24")] };
    const { check } = checking();
    assert.deepEqual(check("firewall", inputs), []);
    assert.deepEqual(check("firewall", { ...inputs, takeOver: false }, false), []);
    assert.deepEqual(check("firewall", inputs, false), [
      "INPUT_INVALID: takeOver: the old and the new instance exist at the same time and cannot have one name. Leave name out.",
    ]);
    assert.deepEqual(checking(false).check("firewall", inputs), [
      "NOT_SUPPORTED: takeOver: only metro local moves the addresses of an instance to its successor. Leave takeOver out: the instance is then stopped for each change.",
    ]);
  });

  it("accepts a router between two networks and their members", () => {
    const { instance } = checking();
    assert.deepEqual(instance("router", card("inner", "10.1.0.1/24"), card("outer", "10.2.0.1/24")), []);
    assert.deepEqual(
      instance("web", card("inner", "10.1.0.5/24", { gateway: "10.1.0.1", routes: ["10.2.0.0/24"] })),
      [],
    );
    assert.deepEqual(instance("plain", { network: "dmz" }), []);
  });

  it("rejects what is wrong with an interface, with its path", () => {
    assert.deepEqual(checking().instance("a", card("inner", "10.1.0.1/24", { routes: ["10.2.0.0/24"] })), [
      "INPUT_INVALID: networkInterfaces[0].routes: requires gateway: through whom they lead.",
    ]);
  });

  it("rejects an address that another resource of the program has, or that is in no network of its name", () => {
    const { instance } = checking();
    instance("a", card("inner", "10.1.0.1/24"));
    assert.deepEqual(instance("b", card("inner", "10.1.0.1/24")), [
      "INPUT_INVALID: networkInterfaces[0].ip: the address is already in use in network 'inner', by Instance 'a' of this program.",
    ]);
    assert.deepEqual(instance("c", card("inner", "10.9.0.1/24")), [
      "INPUT_INVALID: networkInterfaces[0].ip: network 'inner' has the addresses 10.1.0.0/24 of Instance 'a' of this program, not 10.9.0.0/24.",
    ]);
    assert.deepEqual(instance("a", card("inner", "10.9.0.1/24")).length, 1, "b and c claim theirs too");
    assert.deepEqual(instance("d", card("outer", "10.1.0.1/24")), []);
  });

  it("checks a resource that is replaced against the others only", () => {
    const { instance } = checking();
    instance("a", card("inner", "10.1.0.1/24"));
    assert.deepEqual(instance("a", card("inner", "10.1.0.1/24")), []);
  });

  it("rejects an address in the template of replicas", () => {
    assert.deepEqual(checking().check("s", { template: { networkInterfaces: [card("inner", "10.1.0.1/24")] } }), [
      "INPUT_INVALID: template.networkInterfaces[0].ip: a replica has no address of its own, since old and new replicas exist at the same time. Leave ip out, or use an Instance.",
    ]);
    assert.deepEqual(checking().check("s", { template: { networkInterfaces: [{ network: "inner" }] } }), []);
  });

  it("decides nothing about values that are not known yet", () => {
    const { instance } = checking();
    for (const one of [UNKNOWN, card("inner", UNKNOWN), card("inner", "10.1.0.4/24", { routes: [UNKNOWN] })])
      assert.deepEqual(instance("a", one, card("inner", "10.1.0.4/24")), []);
  });

  it("rejects routers and routes in other metros, and leaves the rest to them", () => {
    const { instance } = checking(false);
    assert.deepEqual(instance("a", card("tap0", "fd00::1/64", { gateway: "fd00::2" }), { routes: ["10.2.0.0/24"] }), [
      "NOT_SUPPORTED: networkInterfaces[0].gateway: only metro local has a gateway of a single interface. Remove it, or set the instance's own gateway.",
      "NOT_SUPPORTED: networkInterfaces[1].routes: only metro local has routes of a single interface. Remove it, or set the instance's own gateway.",
    ]);
    assert.deepEqual(instance("b", card("tap0", "fd00::1/64")), []);
  });
});
