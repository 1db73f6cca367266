import assert from "node:assert/strict";
import {
  NO_READS,
  isListingFresh,
  isListingWorthwhile,
  recordRead,
  type ReadHistory,
} from "../../../provider/client/listingDecision";

/** A history of reads at these times, without a change in between. */
const readsAt = (timesMs: readonly number[], changeCount = 0): ReadHistory =>
  timesMs.reduce((history, nowMs) => recordRead(history, nowMs, changeCount), NO_READS);

const every = (count: number, intervalMs: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n * intervalMs);

describe("the listing decision", () => {
  it("uses a listing for the 21st read within five seconds", () => {
    assert.equal(isListingWorthwhile(readsAt(every(20, 1)), 20), false);
    assert.equal(isListingWorthwhile(readsAt(every(21, 1)), 21), true);
  });

  it("reads one by one if 21 reads take longer than five seconds", () => {
    assert.equal(isListingWorthwhile(readsAt(every(21, 250)), 5_000), true);
    assert.equal(isListingWorthwhile(readsAt(every(21, 251)), 20 * 251), false);
  });

  it("counts only the reads after the last change", () => {
    const changed = recordRead(readsAt(every(21, 1)), 22, 1);
    assert.equal(isListingWorthwhile(changed, 22), false);
    assert.deepEqual(changed, { changeCount: 1, timesMs: [22] });
  });

  it("remembers only the reads that it needs", () => {
    assert.equal(readsAt(every(1_000, 1)).timesMs.length, 21);
  });

  it("serves a listing for ten seconds or until the next change", () => {
    const listing = { beganMs: 1_000, changeCount: 4 };
    assert.equal(isListingFresh(listing, 11_000, 4), true);
    assert.equal(isListingFresh(listing, 11_001, 4), false);
    assert.equal(isListingFresh(listing, 1_000, 5), false);
  });
});
