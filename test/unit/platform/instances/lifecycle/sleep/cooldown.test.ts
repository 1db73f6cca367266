import assert from "node:assert/strict";
import {
  cooldownOf,
  isIdleFor,
  nextStepMs,
} from "../../../../../../provider/platform/instances/lifecycle/sleep/cooldown";

const quiet = { connections: 0, connectionsIdleMs: Infinity, networkIdleMs: Infinity };

describe("the cooldown of an instance", () => {
  it("has the defaults of the API: off, a second, no notice", () => {
    assert.deepEqual(cooldownOf({ scaleToZero: undefined }), { policy: "off", cooldownMs: 1_000, notifyMs: 0 });
    const scaleToZero = { policy: "idle", cooldown_time_ms: 5_000, notify_time_ms: 200 } as const;
    assert.deepEqual(cooldownOf({ scaleToZero }), { policy: "idle", cooldownMs: 5_000, notifyMs: 200 });
  });

  it("ends with standby, and with a notice before it if that is asked for", () => {
    const cooldown = { policy: "on", cooldownMs: 2_000 } as const;
    assert.equal(nextStepMs({ ...cooldown, notifyMs: 0 }, quiet), 2_000);
    assert.equal(nextStepMs({ ...cooldown, notifyMs: 1_999 }, quiet), 1);
  });

  it("counts from the last data of open connections, and looks at them at most every 20 ms", () => {
    const cooldown = { policy: "idle", cooldownMs: 2_000, notifyMs: 500 } as const;
    for (const [connectionsIdleMs, expected] of [
      [0, 1_500],
      [1_400, 100],
      [1_490, 20],
      [9_000, 20],
    ] as const)
      assert.equal(nextStepMs(cooldown, { connections: 2, connectionsIdleMs }), expected);
  });

  it("is over after that time without traffic", () => {
    assert.equal(isIdleFor(100, "on", quiet), true);
    assert.equal(isIdleFor(100, "on", { ...quiet, networkIdleMs: 99 }), false);
    assert.equal(isIdleFor(100, "on", { ...quiet, networkIdleMs: 100 }), true);
    assert.equal(isIdleFor(100, "on", { ...quiet, connections: 1 }), false);
    assert.equal(isIdleFor(100, "idle", { ...quiet, connections: 1, connectionsIdleMs: 99 }), false);
    assert.equal(isIdleFor(100, "idle", { ...quiet, connections: 1, connectionsIdleMs: 100 }), true);
  });
});
