import assert from "node:assert/strict";
import { withTimeout } from "../../../provider/base/timeout";

describe("a limit in time", () => {
  it("that no timer can hold is not over at once", async () => {
    const never = new AbortController().signal;
    const over = await withTimeout(2 ** 31, never, async (signal) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return signal.aborted;
    });
    assert.equal(over, false);
  });
});
