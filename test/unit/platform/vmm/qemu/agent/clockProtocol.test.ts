import assert from "node:assert/strict";
import {
  encodeClockCommand,
  nextClockStep,
  parseClockLine,
} from "../../../../../../provider/platform/vmm/qemu/agent/clockProtocol";

describe("the protocol of a guest's clock", () => {
  it("reads what the guest says, and nothing else", () => {
    assert.deepEqual(parseClockLine("clock\r"), { is: "asks" });
    assert.deepEqual(parseClockLine("clock-set 1700000000000000000\r"), {
      is: "set",
      timeNs: 1_700_000_000_000_000_000n,
    });
    const others = ["", "started", "clock-set", "clock-set -1", "clock-set 1x", `clock-set ${"9".repeat(21)}`];
    // a terminal with echo sends the command back
    for (const line of [...others, encodeClockCommand(1n).trim()]) assert.equal(parseClockLine(line), undefined, line);
  });

  it("ends the command with a word, by which the guest knows that it is complete", () => {
    assert.equal(encodeClockCommand(1_700_000_000_123_000_000n), "clock 1700000000123000000 now\n");
  });

  it("sets the clock again until it is right to 25 ms, ten times", () => {
    const again = (leadMs: number) => ({ is: "again", leadMs });
    assert.deepEqual(nextClockStep(25, 0, 1), { is: "right" });
    assert.deepEqual(nextClockStep(30, 0, 1), again(15));
    assert.deepEqual(nextClockStep(400, 0, 9), again(25)); // more could be wrong by more
    assert.deepEqual(nextClockStep(26, 0, 10), { is: "give-up" });
  });

  it("knows how far the clock can be off by the lead and the time that the answer took", () => {
    assert.deepEqual(nextClockStep(30, 15, 2), { is: "right" });
    assert.deepEqual(nextClockStep(0, 25, 2), { is: "right" }); // ahead by 25
    assert.deepEqual(nextClockStep(50, 25, 2), { is: "right" }); // between 25 ahead and 25 behind
    assert.deepEqual(nextClockStep(52, 25, 2), { is: "again", leadMs: 25 });
  });
});
