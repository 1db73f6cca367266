import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { hashOfName, identityIn, identityOf } from "../../../provider/definition/identity";

const URN = "urn:pulumi:dev::shop::my:Cluster$pulumi-nodejs:dynamic/unikernel:Volume::data";
const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

describe("the identity of a resource", () => {
  it("is a hash of its owner, stack and URN, in a form that no later release may change", () => {
    assert.deepEqual(identityOf("team-a", URN), {
      stackHash: sha256('["team-a","shop","dev"]').slice(0, 12),
      resourceHash: sha256(`["team-a","${URN}"]`).slice(0, 16),
    });
    assert.deepEqual(identityOf(undefined, URN), identityOf("", URN));
  });

  it("differs by owner, stack, project, parents, type and name, and the stack's part by the first three", () => {
    const others = [
      URN.replace("dev", "prod"),
      URN.replace("shop", "store"),
      URN.replace("my:Cluster$", ""),
      URN.replace("Volume", "Instance"),
      URN.replace("::data", "::logs"),
    ].map((urn) => identityOf("team-a", urn));
    const all = [identityOf("team-a", URN), identityOf("team-b", URN), identityOf(undefined, URN), ...others];
    assert.equal(new Set(all.map(({ resourceHash }) => resourceHash)).size, 8);
    assert.equal(new Set(all.map(({ stackHash }) => stackHash)).size, 5);
  });

  it("does not confuse an owner with a stack", () => {
    assert.notDeepEqual(identityOf("a", "urn:pulumi:c::b::t::n"), identityOf("a,b", "urn:pulumi:c::::t::n"));
  });

  it("is read from what the SDK passes; unknown in state of an earlier release", () => {
    assert.deepEqual(identityIn({ __urn: URN, __owner: "team-a" }), identityOf("team-a", URN));
    assert.deepEqual(identityIn({ __urn: URN }), identityOf(undefined, URN));
    assert.equal(identityIn({ __resourceName: "data" }), undefined);
    assert.equal(hashOfName("data"), sha256('["data"]').slice(0, 16));
  });
});
