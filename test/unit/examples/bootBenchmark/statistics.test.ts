import assert from "node:assert/strict";
import { summarise } from "../../../../examples/boot-benchmark/report/statistics";

describe("examples/boot-benchmark: statistics", () => {
  it("are interpolated as by NumPy's default", () => {
    // numpy.percentile([15, 20, 35, 40, 50], [0, 25, 50, 75, 100]), and of [1, 2, 3, 4]
    assert.deepEqual(summarise([35, 15, 50, 20, 40]), { min: 15, lowerQuartile: 20, median: 35, upperQuartile: 40, max: 50 }); // prettier-ignore
    assert.deepEqual(summarise([4, 3, 2, 1]), { min: 1, lowerQuartile: 1.75, median: 2.5, upperQuartile: 3.25, max: 4 }); // prettier-ignore
  });

  it("of one value are that value, and of none an error", () => {
    assert.equal(summarise([7]).upperQuartile, 7);
    assert.throws(() => summarise([]), /nothing to summarise/);
  });
});
