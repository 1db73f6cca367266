import assert from "node:assert/strict";
import { formatNumber } from "../../../provider/base/formatNumber";

describe("a number in a message", () => {
  it("has separators of thousands", () => {
    assert.deepEqual([0, 999, 60_000, 86_400_000].map(formatNumber), ["0", "999", "60,000", "86,400,000"]);
  });
});
