import assert from "node:assert/strict";
import {
  endTransition,
  startTransition,
  rotationStateOf,
} from "../../../../../provider/platform/instances/lifecycle/transitions";
import type { InstanceStatus } from "../../../../../provider/platform/store/instances";
import { DEFAULT_TIMINGS } from "../../../../../provider/platform/timings";

const status = (more: Partial<InstanceStatus> = {}): InstanceStatus => ({
  ...{ state: "running", deleting: false, stopForced: false, startCount: 3, restartCount: 1, uptimeMs: 0 },
  ...{ updates: [], detaching: [] },
  ...more,
});
const crash = { stopReason: 1, stopCode: 0x7f01, exitCode: undefined, stopNotice: undefined };
const end = (from: InstanceStatus, restartPolicy: "never" | "always" | "on-failure") =>
  endTransition(from, { restartPolicy }, crash, { now: 1000, uptimeMs: 7, timings: DEFAULT_TIMINGS });

describe("the transition of an instance", () => {
  it("at a start counts it and clears the last stop", () => {
    const before = status({ stopReason: 3, exitCode: 1, stopAskedBy: "user", restart: { attempt: 2, nextAt: 5 } });
    const restarted = { ...before, ...startTransition(before, true, 9) };
    assert.deepEqual([restarted.startCount, restarted.restartCount, restarted.startedAt], [4, 2, 9]);
    assert.deepEqual(
      [restarted.stopReason, restarted.exitCode, restarted.stopAskedBy],
      [undefined, undefined, undefined],
    );
    assert.deepEqual(restarted.restart, { attempt: 2 });
    const started = { ...before, ...startTransition(before, false, 9) };
    assert.deepEqual([started.restartCount, started.restart], [1, undefined]);
  });

  it("at an end stops, or restarts by its policy with growing backoff", () => {
    assert.deepEqual(end(status(), "never").restartDelayMs, undefined);
    assert.deepEqual(end(status(), "on-failure").restartDelayMs, 0);
    const third = end(status({ restart: { attempt: 2 } }), "on-failure");
    assert.deepEqual([third.restartDelayMs, third.change.restart], [10_000, { attempt: 3, nextAt: 11_000 }]);
    assert.deepEqual([third.change.state, third.change.uptimeMs, third.change.stopReason], ["stopped", 7, 1]);
  });

  it("at an end for scale to zero goes to standby, whatever its policy", () => {
    const standby = end(status({ stopAskedBy: "scale-to-zero" }), "always");
    assert.deepEqual([standby.change.state, standby.restartDelayMs], ["standby", undefined]);
  });

  it("at an end during deletion does not restart", () => {
    assert.equal(end(status({ deleting: true }), "always").restartDelayMs, undefined);
  });

  it("for connections: it is starting while it will become ready, standby in standby, leaving until it has stopped on request, else out", () => {
    assert.equal(rotationStateOf(status({ state: "standby" })), "standby");
    for (const state of ["starting", "running"] as const) assert.equal(rotationStateOf(status({ state })), "starting");
    for (const state of ["stopped", "stopping"] as const) assert.equal(rotationStateOf(status({ state })), "out");
    const asked = { state: "stopping", stopAskedBy: "user" } as const;
    for (const leaving of [{ state: "draining" } as const, asked])
      assert.equal(rotationStateOf(status(leaving)), "leaving");
    assert.equal(rotationStateOf(status({ ...asked, stopForced: true })), "out");
    assert.equal(rotationStateOf(status({ ...asked, stopAskedBy: "suspend" })), "out");
    assert.equal(rotationStateOf(status({ state: "stopped", restart: { attempt: 1, nextAt: 5 } })), "starting");
    assert.equal(rotationStateOf(status({ state: "stopping", stopAskedBy: "scale-to-zero" })), "starting");
  });
});
