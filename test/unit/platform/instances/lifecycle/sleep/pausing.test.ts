import assert from "node:assert/strict";
import { pauseRetryMs } from "../../../../../../provider/platform/instances/lifecycle/sleep/pausing";

describe("the next attempt to pause a VM", () => {
  it("follows after 1, 2, 4 … and at most 60 seconds", () => {
    const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 2000].map((failures) => pauseRetryMs(failures) / 1_000);
    assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });
});
