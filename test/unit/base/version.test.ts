import assert from "node:assert/strict";
import * as fs from "node:fs";
import { MIN_NODE, assertNodeIsNewEnough, isAtLeast } from "../../../provider/base/version";

describe("the oldest Node", () => {
  it("is that of package.json", () => {
    const { engines } = JSON.parse(fs.readFileSync("package.json", "utf8")) as { engines: { node: string } };
    assert.equal(engines.node, `>=${MIN_NODE.join(".")}`);
  });

  it("is named to users of an older one", () => {
    assert.throws(() => assertNodeIsNewEnough("20.20.2"), {
      code: "NOT_SUPPORTED",
      message: "pulumi-unikernel does not run on Node 20.20.2.",
    });
    assert.doesNotThrow(() => assertNodeIsNewEnough("22.13.0"));
  });

  it("is compared by number", () => {
    assert.deepEqual(
      ["22.9.0", "22.13", "22.100.1", "100.0.0", "9.99.0"].map((one) => isAtLeast(one, [22, 13])),
      [false, true, true, true, false],
    );
  });
});
