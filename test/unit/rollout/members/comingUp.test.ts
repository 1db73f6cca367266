import assert from "node:assert/strict";
import type { InstanceItem } from "../../../../provider/contract/models";
import { isComingUp } from "../../../../provider/rollout/members/comingUp";

const NOW_MS = Date.parse("2026-01-01T12:00:00Z");
const member: InstanceItem = { status: "success", uuid: "i1", name: "web-1", state: "running" };
const sleeper = { ...member, rotation: "in", scale_to_zero: { enabled: true, policy: "idle" } } as const;
const startedBefore = (ms: number) => ({ started_at: new Date(NOW_MS - ms).toISOString() });
const isUp = (instance: InstanceItem, pendingMs = 0) => isComingUp(instance, { pendingMs, nowMs: NOW_MS });

describe("an old member that is not ready", () => {
  it("has 10 s to start", () => {
    assert.deepEqual([isUp(member, 10_000), isUp(member, 10_001)], [true, false]);
  });

  it("is not on its way any more if it was started long ago", () => {
    const local = { ...member, rotation: "in" } as const;
    assert.equal(isUp({ ...local, ...startedBefore(9_000) }), true);
    assert.equal(isUp({ ...local, ...startedBefore(11_000) }), false);
  });

  it("is given the time in which connections that woke it wait", () => {
    const probe = { readiness_probe: { hold_timeout_ms: 20_000 } };
    assert.equal(isUp({ ...sleeper, ...startedBefore(59_000) }, 50_000), true);
    assert.equal(isUp({ ...sleeper, ...startedBefore(61_000) }), false);
    assert.equal(isUp({ ...sleeper, ...probe, ...startedBefore(19_000) }), true);
    assert.equal(isUp({ ...sleeper, ...probe, ...startedBefore(21_000) }), false);
  });

  it("that has not begun to run is not judged by its last start, nor by the clock of another machine", () => {
    assert.equal(isUp({ ...sleeper, state: "starting", ...startedBefore(3_600_000) }), true);
    assert.equal(isUp({ ...member, ...startedBefore(3_600_000) }), true);
  });
});
