import assert from "node:assert/strict";
import {
  MAX_CHANGES,
  MAX_DELETED,
  MAX_TIMES,
  PlatformHistory,
} from "../../../../provider/platform/observability/history";
import type { InstanceState } from "../../../../provider/contract/models";
import type { InstanceRecord } from "../../../../provider/platform/store/instances";

const looks = (
  name: string,
  state: InstanceState,
  { bootTimeUs, netTimeUs, wakes = [] }: { bootTimeUs?: number; netTimeUs?: number; wakes?: number[] } = {},
) => ({
  record: { name, status: { bootTimeUs, netTimeUs } } as unknown as InstanceRecord,
  state,
  wakeups: { buckets: [], count: wakes.length, sumMs: wakes.reduce((sum, one) => sum + one, 0) },
});

describe("the history of instances", () => {
  it("has each state once, with the time of its begin, and ends with a delete", () => {
    const history = new PlatformHistory();
    const states: InstanceState[] = ["stopped", "starting", "starting", "running", "standby", "running"];
    states.forEach((state, at) => history.observe(new Map([["u", looks("web", state)]]), at));
    history.observe(new Map(), 9);
    history.observe(new Map(), 10);
    assert.deepEqual(history.timelines, [
      {
        uuid: "u",
        name: "web",
        changes: [
          { at: 0, state: "stopped" },
          { at: 1, state: "starting" },
          { at: 3, state: "running" },
          { at: 4, state: "standby" },
          { at: 5, state: "running" },
          { at: 9, state: "deleted" },
        ],
      },
    ]);
  });

  it("measures each boot and wake once, and not what happened before the first look", () => {
    const history = new PlatformHistory();
    const observe = (at: number, ...what: Parameters<typeof looks>) =>
      history.observe(new Map([["u", looks(...what)]]), at);
    observe(1, "old", "running", { bootTimeUs: 5_000, netTimeUs: 6_000, wakes: [1] });
    observe(2, "old", "running", { bootTimeUs: 5_000, netTimeUs: 6_000, wakes: [1] });
    observe(3, "old", "starting");
    observe(4, "old", "running", { bootTimeUs: 7_000 });
    observe(5, "old", "running", { bootTimeUs: 7_000, netTimeUs: 9_000 });
    observe(6, "old", "running", { bootTimeUs: 7_000, netTimeUs: 9_000, wakes: [4] });
    assert.deepEqual(
      history.times.map(({ kind, at, ms }) => [kind, at, ms]),
      [
        ["boot", 4, 7],
        ["net", 5, 9],
        ["wake", 6, 4],
      ],
    );
    assert.deepEqual(
      (["boot", "net", "wake"] as const).map((kind) => history.histograms[kind].counts.buckets.at(-1)?.count),
      [1, 1, 1],
    );
  });

  it("is bounded", () => {
    const history = new PlatformHistory();
    const total = MAX_TIMES + 100;
    for (let at = 1; at <= total; at++) {
      const state = at % 2 === 0 ? "running" : "standby";
      history.observe(new Map([["u", looks("web", state, { bootTimeUs: at })]]), at);
    }
    assert.equal(history.timelines[0]?.changes.length, MAX_CHANGES);
    assert.deepEqual([history.times.length, history.times.at(-1)?.at], [MAX_TIMES, total]);
    for (let at = 0; at < MAX_DELETED + 9; at++) {
      history.observe(new Map([[`u${at}`, looks("x", "stopped")]]), total + at);
    }
    assert.equal(history.timelines.length, MAX_DELETED + 1);
  });
});
