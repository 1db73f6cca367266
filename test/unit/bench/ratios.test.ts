import assert from "node:assert/strict";
import { describeRatios } from "../../bench/ratios";

describe("ratios of benchmarks", () => {
  it("are printed with their target and what was recorded", () => {
    assert.deepEqual(describeRatios([{ name: "create: a/b", value: 1.044, target: 1.1 }], { "create: a/b": 1.05 }), [
      "create: a/b  1.04  (target 1.10; recorded 1.05)",
    ]);
  });

  it("say that a target is missed", () => {
    assert.deepEqual(describeRatios([{ name: "up", value: 1.2, target: 1.1 }], { up: 1.2 }), [
      "up  1.20  (target 1.10, MISSED; recorded 1.20)",
    ]);
  });

  it("say when they are more than 15 % worse than recorded, and not before", () => {
    const recorded = { load: 2, state: 2 };
    assert.deepEqual(
      describeRatios(
        [
          { name: "load", value: 2.3 },
          { name: "state", value: 2.32 },
        ],
        recorded,
      ),
      ["load   2.30  (recorded 2.00)", "state  2.32  (recorded 2.00; WORSE by 16 %)"],
    );
  });

  it("say that one was not recorded", () => {
    assert.deepEqual(describeRatios([{ name: "new", value: 1 }], {}), ["new  1.00  (not recorded)"]);
  });
});
