import assert from "node:assert/strict";
import { withTimeout } from "../../../provider/base/timeout";

describe("withTimeout", () => {
  it("does not expire at once for a time beyond the longest timer", async () => {
    const never = new AbortController().signal;
    const over = await withTimeout(2 ** 31, never, async (signal) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return signal.aborted;
    });
    assert.equal(over, false);
  });
});
