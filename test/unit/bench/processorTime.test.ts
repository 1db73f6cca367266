import assert from "node:assert/strict";
import { parseStat, processorMs } from "../../bench/processorTime";

describe("processor time of a process", () => {
  it("is the sum of utime and stime, in ticks of 10 ms", () => {
    const fields = "S 1 42 42 0 -1 4194560 9001 0 3 0 120 7 55 66 20 0 11 0 5000";
    assert.equal(parseStat(`42 (a (strange) name) ${fields}`), 1270);
  });

  it("is read from /proc", () => {
    assert.ok(processorMs(process.pid) > 0);
  });
});
