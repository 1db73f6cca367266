import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  type DrainCounts,
  describeDrain,
  openConnections,
  reportedCounts,
  sampledCounts,
} from "../../../../provider/rollout/members/drainCounts";

const NONE: DrainCounts = { finished: 0, moved: 0, halfClosed: 0, cut: 0, elapsedMs: 0, isSampled: false };

describe("what became of the connections of a member that drained", () => {
  it("is a clause", () => {
    const counts = (more: Partial<DrainCounts>) => describeDrain({ ...NONE, ...more });
    assert.equal(
      counts({ finished: 12, cut: 1, elapsedMs: 60_004 }),
      "12 connections finished, 1 still open after 60 s and closed",
    );
    assert.equal(counts({ finished: 1 }), "1 connection finished");
    assert.equal(
      counts({ moved: 3, halfClosed: 2 }),
      "3 connections moved to other replicas, 2 half-closed and given up",
    );
    assert.equal(counts({ cut: 2, elapsedMs: 1_500 }), "2 connections still open after 1.5 s and closed");
    assert.equal(counts({ finished: 4, isSampled: true }), "about 4 connections finished");
    assert.equal(counts({}), "no open connections");
  });

  it("is what the metro reports at the end of the drain", () => {
    const drain = { open: 0, finished: 1, moved: 2, half_closed: 3, cut: 4, elapsed_ms: 5 };
    assert.deepEqual(reportedCounts({ drain }), {
      finished: 1,
      moved: 2,
      halfClosed: 3,
      cut: 4,
      elapsedMs: 5,
      isSampled: false,
    });
    assert.equal(reportedCounts({ drain: { ...drain, open: 1 } }), undefined);
    assert.equal(reportedCounts({}), undefined);
  });

  it("derives from samples: connections at the timeout were cut, and without a timeout none was", () => {
    const samples = [12, 5, 1].map((open, index) => ({ atMs: index * 1000, open }));
    const counts = (elapsedMs: number) => sampledCounts(samples, { elapsedMs, drainTimeoutMs: 3_000 });
    assert.deepEqual(counts(3_000), { ...NONE, finished: 11, cut: 1, elapsedMs: 3_000, isSampled: true });
    assert.deepEqual(counts(2_900), { ...NONE, finished: 12, elapsedMs: 2_900, isSampled: true });
    assert.equal(sampledCounts([], { elapsedMs: 0, drainTimeoutMs: 0 }), undefined);
  });

  it("never has more connections than a sample had, nor a negative number", () => {
    const samples = fc.array(fc.record({ atMs: fc.nat(), open: fc.nat(1000) }), { minLength: 1 });
    fc.assert(
      fc.property(samples, fc.nat(), fc.nat(), (list, elapsedMs, drainTimeoutMs) => {
        const { finished = -1, cut = -1 } = sampledCounts(list, { elapsedMs, drainTimeoutMs }) ?? {};
        assert.ok(finished >= 0 && cut >= 0);
        assert.equal(finished + cut, Math.max(...list.map(({ open }) => open)));
      }),
    );
  });

  it("counts HTTP requests and other connections", () => {
    const item = { uuid: "a", name: "a" };
    assert.equal(openConnections({ ...item, nconns: 2, nreqs: 3 }), 5);
    assert.equal(openConnections({ ...item, nreqs: 3 }), 3);
    assert.equal(openConnections(item), undefined);
  });
});
