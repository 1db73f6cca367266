import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import type { Client } from "../../../../provider/client/client";
import type { InstanceItem } from "../../../../provider/contract/models";
import { readWakeLatencies, toMemberOutput, wakeLatencyOf } from "../../../../provider/resources/service/memberOutputs";
import { LoadTimes, findShortCooldown } from "../../../../provider/resources/service/loadTime";

const digest = `sha256:${"a".repeat(64)}`;
const item = (more: Partial<InstanceItem> = {}): InstanceItem => ({
  status: "success",
  uuid: "u1",
  name: "web-1",
  ...more,
});

const UNKNOWN_FACTS = { hashKey: undefined, template: undefined };

describe("the outputs of a replica", () => {
  it("have its digest, state, times, last stop and restarts", () => {
    const reported = item({
      image: `oci://host/web:1@${digest}`,
      state: "standby",
      boot_time_us: 12_000,
      net_time_us: 340_000,
      stop_reason: 32,
      restart_count: 2,
    });
    assert.deepEqual(toMemberOutput(reported, { ...UNKNOWN_FACTS, latencies: new Map([["u1", 41.7]]) }), {
      uuid: "u1",
      name: "web-1",
      digest,
      state: "standby",
      bootTimeUs: 12_000,
      netTimeUs: 340_000,
      wakeLatencyMs: 41.7,
      stopReason: "it was scaled to zero",
      restartCount: 2,
    });
  });

  it("are empty where the API reports nothing", () => {
    assert.deepEqual(toMemberOutput(item(), UNKNOWN_FACTS), {
      ...{ uuid: "u1", name: "web-1", digest: "", state: "", bootTimeUs: 0, netTimeUs: 0 },
      ...{ stopReason: "", restartCount: 0 },
    });
  });

  it("have the mean of the wakes", () => {
    const metrics = item() as { uuid: string; name: string };
    assert.equal(wakeLatencyOf(metrics), undefined);
    assert.equal(
      wakeLatencyOf({ ...metrics, wakeup_latency: [{ bucket_ms: 1, count: 0 }], wakeup_latency_sum: 0 }),
      undefined,
    );
    const wakeup_latency = [{ bucket_ms: 10, count: 2 }, { count: 1 }];
    assert.equal(wakeLatencyOf({ ...metrics, wakeup_latency, wakeup_latency_sum: 100 }), 33.3);
  });

  describe("with wake latencies", () => {
    const asked: unknown[] = [];
    const contextOf = (respond: () => object[]) => ({
      signal: new AbortController().signal,
      client: {
        getInstanceMetrics: ({ query }: { query: unknown }) => {
          asked.push(query);
          return Promise.resolve().then(() => ({ items: respond() }));
        },
      } as unknown as Client,
    });
    beforeEach(() => asked.splice(0));
    const sleeper = item({ scale_to_zero: { policy: "on" } });
    const noSleeper = item({ uuid: "u2", scale_to_zero: { enabled: false, policy: "off" } });

    it("ask once for all that may sleep, and for no other", async () => {
      const metrics = { uuid: "u1", name: "web-1", wakeup_latency: [{ count: 2 }], wakeup_latency_sum: 50 };
      const context = contextOf(() => [metrics]);
      assert.deepEqual(await readWakeLatencies(context, [sleeper, noSleeper]), new Map([["u1", 25]]));
      assert.deepEqual(await readWakeLatencies(context, [noSleeper]), new Map());
      assert.deepEqual(asked, [{ uuid: ["u1"] }]);
    });

    it("leave them out if the metro has no metrics, or none of a replica", async () => {
      const refused = contextOf(() => {
        throw new UnikernelError("NOT_SUPPORTED", "no");
      });
      assert.deepEqual(await readWakeLatencies(refused, [sleeper]), new Map());
      const gone = contextOf(() => [{ status: "error", error: 8, uuid: "u1", name: "web-1" }]);
      assert.deepEqual(await readWakeLatencies(gone, [sleeper]), new Map());
    });
  });
});

describe("the load time of a replica", () => {
  const timesOf = (...events: [phase: "launched" | "ready" | "waiting", member: string, elapsedMs: number][]) => {
    const times = new LoadTimes();
    for (const [phase, member, elapsedMs] of events) times.observe({ phase, member, elapsedMs });
    return times.longest;
  };
  const longest = { member: "b", ms: 8_200 };
  const on = (cooldownTimeMs?: number) => ({ scaleToZero: { policy: "on" as const, cooldownTimeMs } });

  it("lasts from its launch until it is ready; the longest counts", () => {
    const measured = timesOf(
      ["launched", "a", 100],
      ["launched", "b", 200],
      ["ready", "a", 700],
      ["ready", "old", 800],
      ["waiting", "b", 900],
      ["ready", "b", 8_400],
      ["ready", "b", 60_000], // it woke
    );
    assert.deepEqual(measured, longest);
  });

  it("is compared with the cooldown, with both numbers", () => {
    assert.equal(
      findShortCooldown(on(2_000), longest, 0),
      "template.scaleToZero.cooldownTimeMs is 2,000 ms, and replica 'b' took 8,200 ms from its start until it was ready: it may sleep before it has loaded. Set at least 9,000 ms.",
    );
    assert.match(findShortCooldown(on(), longest, 0) ?? "", /cooldownTimeMs is 1,000 ms/); // the server's default
    assert.equal(findShortCooldown(on(8_200), longest, 0), undefined);
    assert.equal(findShortCooldown(on(2_000), longest, 6_200), undefined);
    assert.equal(findShortCooldown({ scaleToZero: { policy: "off" } }, longest, 0), undefined);
    assert.equal(findShortCooldown({}, longest, 0), undefined);
    assert.equal(findShortCooldown(on(2_000), undefined, 0), undefined);
  });
});
