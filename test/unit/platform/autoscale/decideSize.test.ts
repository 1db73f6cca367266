/** How many instances autoscale decides on, and which it removes first. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { decideSize, type InstanceLoad, type ScaleState } from "../../../../provider/platform/autoscale/decideSize";
import { selectForRemoval } from "../../../../provider/platform/autoscale/selectForRemoval";
import type { AutoscaleConfiguration, ScalePolicy, StepPolicy } from "../../../../provider/platform/store/autoscale";

const load = (facts: Partial<InstanceLoad> = {}): InstanceLoad => ({
  sinceReadyMs: 60_000,
  inFlight: 0,
  requestsPerSecond: 0,
  cpuMillicores: 0,
  idleMs: 0,
  ...facts,
});
const step = (steps: StepPolicy["steps"], facts: Partial<StepPolicy> = {}): StepPolicy => ({
  name: "step",
  enabled: true,
  type: "step",
  metric: "inflight_reqs",
  adjustmentType: "change",
  steps,
  ...facts,
});
const configuration = (
  policies: ScalePolicy[],
  facts: Partial<AutoscaleConfiguration> = {},
): AutoscaleConfiguration => ({
  minSize: 1,
  maxSize: 10,
  warmupTimeMs: 1000,
  cooldownTimeMs: 5000,
  templateUuid: "t",
  policies,
  ...facts,
});
const state = (loads: InstanceLoad[], facts: Partial<ScaleState> = {}): ScaleState => ({
  size: loads.length,
  loads,
  waitingConnections: 0,
  sinceChangeMs: Infinity,
  ...facts,
});
const busy = (inFlight: number, size = 4): InstanceLoad[] => Array.from({ length: size }, () => load({ inFlight }));

describe("the size that autoscale decides", () => {
  const upAbove10 = step([{ adjustment: 2, lowerBound: 10 }]);

  it("is within its bounds at once, even during the cooldown", () => {
    for (const sinceChangeMs of [0, Infinity]) {
      assert.equal(decideSize(configuration([], { minSize: 3 }), state([], { sinceChangeMs })), 3);
      assert.equal(decideSize(configuration([], { maxSize: 2 }), state(busy(0), { sinceChangeMs })), 2);
    }
  });

  it("is at least one, since nothing can wake an empty service group", () => {
    assert.equal(decideSize(configuration([], { minSize: 0 }), state([])), 1);
  });

  it("is unchanged without a policy that applies", () => {
    assert.equal(decideSize(configuration([]), state(busy(100))), 4);
    assert.equal(decideSize(configuration([upAbove10]), state(busy(9))), 4);
    assert.equal(decideSize(configuration([{ ...upAbove10, enabled: false }]), state(busy(100))), 4);
  });

  it("follows the step that contains the average: lower bound included, upper bound excluded", () => {
    const policy = step([
      { adjustment: -1, upperBound: 2 },
      { adjustment: 1, lowerBound: 2, upperBound: 8 },
      { adjustment: 3, lowerBound: 8 },
    ]);
    const sizes = [0, 1.9, 2, 7.9, 8, 1000].map((value) => decideSize(configuration([policy]), state(busy(value))));
    assert.deepEqual(sizes, [3, 3, 5, 5, 7, 7]);
    const mixed = [load({ inFlight: 16 }), load({ inFlight: 0 })]; // 8 on average
    assert.equal(decideSize(configuration([policy]), state(mixed)), 5);
  });

  it("uses the metric of the policy", () => {
    const loads = [load({ inFlight: 1, requestsPerSecond: 20, cpuMillicores: 300 })];
    const above = (metric: StepPolicy["metric"], lowerBound: number) =>
      decideSize(configuration([step([{ adjustment: 1, lowerBound }], { metric })]), state(loads));
    assert.deepEqual([above("inflight_reqs", 1), above("inflight_reqs", 2)], [2, 1]);
    assert.deepEqual([above("reqs_per_sec", 20), above("reqs_per_sec", 21)], [2, 1]);
    assert.deepEqual([above("cpu", 300), above("cpu", 301)], [2, 1]);
  });

  it("is adjusted by a number, to a number, or by a percentage of at least one", () => {
    const to = (adjustmentType: StepPolicy["adjustmentType"], adjustment: number) =>
      decideSize(configuration([step([{ adjustment }], { adjustmentType })]), state(busy(1)));
    assert.deepEqual([to("change", 3), to("change", -2), to("exact", 7)], [7, 2, 7]);
    assert.deepEqual([to("percent", 50), to("percent", 1), to("percent", -50), to("percent", -1)], [6, 5, 2, 3]);
  });

  it("ignores instances that are not warm yet", () => {
    const loads = [load({ inFlight: 12 }), load({ inFlight: 0, sinceReadyMs: 999 })];
    assert.equal(decideSize(configuration([upAbove10]), state(loads)), 4);
    assert.equal(decideSize(configuration([upAbove10]), state([load({ inFlight: 50, sinceReadyMs: 999 })])), 1);
  });

  it("does not change during the cooldown of a policy", () => {
    assert.equal(decideSize(configuration([upAbove10]), state(busy(20), { sinceChangeMs: 4999 })), 4);
    assert.equal(decideSize(configuration([upAbove10]), state(busy(20), { sinceChangeMs: 5000 })), 6);
  });

  it("is at least one instance per connection on demand, waiting ones included", () => {
    const policy: ScalePolicy = { name: "p", enabled: true, type: "on-demand" };
    assert.equal(decideSize(configuration([policy]), state(busy(1), { waitingConnections: 2 })), 6);
    assert.equal(decideSize(configuration([policy]), state(busy(0))), 4);
    assert.equal(decideSize(configuration([policy]), state(busy(9))), 10);
  });

  it("shrinks by the instances that were idle long enough", () => {
    const policy: ScalePolicy = { name: "p", enabled: true, type: "idle", idleTimeMs: 3000 };
    const loads = [load({ idleMs: 3000 }), load({ idleMs: 2999 }), load({ idleMs: 9999, inFlight: 1 }), load()];
    assert.equal(decideSize(configuration([policy]), state(loads)), 3);
    const allIdle = Array.from({ length: 4 }, () => load({ idleMs: 5000 }));
    assert.equal(decideSize(configuration([policy]), state(allIdle)), 1);
  });

  it("is the largest that any policy requests", () => {
    const down = step([{ adjustment: -2 }], { name: "down" });
    assert.equal(decideSize(configuration([down, upAbove10]), state(busy(20))), 6);
    assert.equal(decideSize(configuration([down, upAbove10]), state(busy(5))), 2);
  });

  it("is a whole number within its bounds", () => {
    const number = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.record({ inFlight: fc.nat(1000), warmMs: number, idleMs: number, cpuMillicores: number }), {
          maxLength: 12,
        }),
        fc.record({ minSize: fc.nat(5), extra: fc.nat(8), adjustment: fc.integer({ min: -300, max: 300 }) }),
        fc.constantFrom<StepPolicy["adjustmentType"]>("change", "percent"),
        (facts, { minSize, extra, adjustment }, adjustmentType) => {
          const maxSize = Math.max(1, minSize + extra);
          const policies = [step([{ adjustment }], { adjustmentType })];
          const size = decideSize(configuration(policies, { minSize, maxSize }), state(facts.map((one) => load(one))));
          assert.ok(Number.isInteger(size) && size >= Math.max(1, minSize) && size <= maxSize);
        },
      ),
    );
  });
});

describe("the instances that autoscale removes", () => {
  const instance = (uuid: string, createdAt = 0) => ({ record: { uuid, createdAt } });
  const chosen = (loads: Record<string, Pick<InstanceLoad, "inFlight" | "idleMs">>, all: string[], count: number) =>
    selectForRemoval(
      all.map((uuid, index) => instance(uuid, index)),
      new Map(Object.entries(loads)),
      count,
    ).map(({ record }) => record.uuid);

  it("are those that are not ready, then the least busy, the longest idle and the newest", () => {
    const loads = {
      busy: { inFlight: 5, idleMs: 0 },
      quiet: { inFlight: 0, idleMs: 900 },
      older: { inFlight: 0, idleMs: 10 },
      newer: { inFlight: 0, idleMs: 10 },
    };
    const all = ["busy", "older", "newer", "quiet", "booting"];
    assert.deepEqual(chosen(loads, all, 5), ["booting", "quiet", "newer", "older", "busy"]);
    assert.deepEqual(chosen(loads, all, 2), ["booting", "quiet"]);
  });
});
