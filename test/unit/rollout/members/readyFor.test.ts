import assert from "node:assert/strict";
import type { InstanceItem } from "../../../../provider/contract/models";
import { readyForMs } from "../../../../provider/rollout/members/readyFor";

const NOW_MS = Date.parse("2030-01-01T00:01:00Z");
const item = (more: Partial<InstanceItem>): InstanceItem => ({ uuid: "u", name: "web-1", state: "running", ...more });
const startedAt = (secondsAgo: number) => ({ started_at: new Date(NOW_MS - secondsAgo * 1000).toISOString() });
const UP = { uptime_ms: 50_000, net_time_us: 2_000_000 };
const LOCAL = { rotation: "in" } as const;

describe("the time for which a member has been ready", () => {
  const CASES: readonly (readonly [what: string, reported: Partial<InstanceItem>, ms: number])[] = [
    ["begins when it listened", { ...LOCAL, ...startedAt(60), ...UP }, 58_000],
    ["is at most the uptime in a metro with another clock", { ...startedAt(3_600), ...UP }, 48_000],
    ["is at most the time since the start in such a metro", { ...startedAt(10), ...UP }, 8_000],
    ["is not known of one that was restarted there", { ...startedAt(60), ...UP, restart_count: 1 }, 0],
    ["is not known without an uptime there", { ...startedAt(60) }, 0],
    ["is not known without a start", { ...LOCAL, ...UP }, 0],
    ["is never negative", { ...LOCAL, ...startedAt(-60), ...UP }, 0],
    [
      "begins when its probe passed",
      {
        ...LOCAL,
        ...startedAt(60),
        readiness_probe: {},
        readiness: { state: "passed", passed_at: "2030-01-01T00:00:40.000Z" },
      },
      20_000,
    ],
    [
      "is not known if the metro does not say when its probe passed",
      { ...LOCAL, ...startedAt(60), readiness_probe: {}, readiness: { state: "passed" } },
      0,
    ],
    [
      "counts in standby, where a probe has no result",
      { ...LOCAL, ...startedAt(60), state: "standby", readiness_probe: {} },
      60_000,
    ],
  ];
  for (const [what, reported, ms] of CASES) it(what, () => assert.equal(readyForMs(item(reported), NOW_MS), ms));
});
