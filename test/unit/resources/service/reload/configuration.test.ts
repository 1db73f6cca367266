import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { newHashKey } from "../../../../../provider/resources/service/hashKey";
import {
  configurationIn,
  configurationOf,
  hasConfiguration,
  withConfiguration,
} from "../../../../../provider/resources/service/reload/configuration";
import { isReplicaTag } from "../../../../../provider/resources/service/replicaTags";

const KEY = newHashKey();

describe("the configuration of a replica", () => {
  it("is a hash that the order of keys does not change, and any value does", () => {
    const hash = configurationOf([{ a: 1, b: { c: [1, 2], d: null } }, "x"], KEY);
    assert.match(hash ?? "", /^[0-9a-f]{12}$/);
    assert.equal(configurationOf([{ b: { d: null, c: [1, 2] }, a: 1 }, "x"], KEY), hash);
    const others = [[], ["x"], [{ a: 1, b: { c: [2, 1], d: null } }, "x"], ["x", { a: 1, b: { c: [1, 2], d: null } }]];
    assert.equal(new Set([hash, ...others.map((values) => configurationOf(values, KEY))]).size, 5);
    assert.equal(configurationOf(undefined, KEY), undefined);
  });

  it("never shows the values", () => {
    const tags = withConfiguration({ tags: [] }, configurationOf(["hunter2", { password: "hunter2" }], KEY));
    assert.ok(!JSON.stringify(tags).includes("hunter2"));
  });

  it("cannot be found by trying values without the key, which differs for each service", () => {
    const other = newHashKey();
    assert.match(other, /^[0-9a-f]{32}$/);
    assert.notEqual(configurationOf(["1234"], KEY), configurationOf(["1234"], other));
    const plain = crypto.createHash("sha256").update('["1234"]').digest("hex");
    assert.ok(!plain.startsWith(configurationOf(["1234"], KEY) ?? ""));
  });

  it("is one tag among others, which the provider reserves", () => {
    const before = { tags: ["env:dev", "configuration:0123456789ab", "template:0123456789ab"] };
    const tags = withConfiguration(before, configurationOf(["new"], KEY));
    assert.deepEqual(tags.slice(0, 2), ["env:dev", "template:0123456789ab"]);
    assert.equal(configurationIn({ tags }), configurationOf(["new"], KEY));
    assert.ok(tags.slice(1).every(isReplicaTag));
    assert.ok(!isReplicaTag("configuration:mine"));
    assert.ok(hasConfiguration({ tags }, configurationOf(["new"], KEY)) && hasConfiguration({ tags }, undefined));
    assert.ok(
      !hasConfiguration(before, configurationOf(["new"], KEY)) && !hasConfiguration({}, configurationOf(["new"], KEY)),
    );
    assert.deepEqual(withConfiguration({ tags }, undefined), ["env:dev", "template:0123456789ab"]);
  });
});
