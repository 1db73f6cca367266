import assert from "node:assert/strict";
import { drainFields } from "../../../../provider/rollout/members/instances";

describe("the drain in a stop request", () => {
  const member = { uuid: "i1", rotation: "in" } as const;

  it("has a limit for half-closed connections wherever the metro knows one", () => {
    assert.deepEqual(drainFields(member, { drainTimeoutMs: 60_000 }), {
      drain_timeout_ms: 60_000,
      half_closed_timeout_ms: 5_000,
    });
    assert.deepEqual(drainFields(member, { drainTimeoutMs: -1, halfClosedTimeoutMs: 9 }), {
      drain_timeout_ms: -1,
      half_closed_timeout_ms: 9,
    });
    assert.deepEqual(drainFields({ uuid: "i1" }, { drainTimeoutMs: 60_000 }), { drain_timeout_ms: 60_000 });
  });

  it("is absent if connections are not waited for", () => {
    assert.deepEqual(drainFields(member, { drainTimeoutMs: 0 }), {});
  });
});
