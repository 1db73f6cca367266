import assert from "node:assert/strict";
import type { KillResult } from "../../soak/killRun";
import { describeHarm, formatTable, isFlawless } from "../../soak/report";

const result = (more: Partial<KillResult> = {}): KillResult => ({
  kill: { index: 0, operation: "create", moment: "after a request", victims: "engine", seed: 1 },
  killed: true,
  duplicates: [],
  lost: [],
  failures: [],
  leaks: [],
  neededRefresh: false,
  leftovers: [],
  lateRequests: [],
  outlived: 0,
  durationMs: 1,
  log: "",
  ...more,
});

describe("the report of a soak", () => {
  it("accepts kills without harm, and leftovers that were named", () => {
    assert.equal(isFlawless([result(), result({ leftovers: ["delete volume data"] })]), true);
  });

  for (const harm of [
    { duplicates: ["Volume v"] },
    { lost: ["Volume v"] },
    { failures: ["up: IN_USE"] },
    { leaks: ["Volume v"] },
    { outlived: 1 },
    { killed: false },
  ]) {
    it(`rejects ${JSON.stringify(harm)}`, () => {
      assert.equal(isFlawless([result(), result(harm)]), false);
      assert.notEqual(describeHarm(result(harm)), "");
    });
  }

  it("rejects a soak without kills", () => {
    assert.equal(isFlawless([]), false);
  });

  it("has a line per operation and moment, and the totals", () => {
    const table = formatTable([result({ leaks: ["a", "b"] }), result({ duplicates: ["c"], failures: ["x", "y"] })]);
    assert.deepEqual(
      table.split("\n").map((line) => line.trim().split(/ {2,}/)),
      [
        ["operation", "moment", "runs", "duplicates", "lost", "failing up", "leaks", "named leftovers"],
        ["create", "after a request", "2", "1", "0", "1", "2", "0"],
        ["all", "2", "1", "0", "1", "2", "0"],
      ],
    );
  });
});
