/** How long a rollout waits: whatever its clock, and until the user wants it to end. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import type { ReadinessProbe } from "../../../provider/contract/models";
import { type CandidateOptions, createCandidateCheck } from "../../../provider/rollout/candidate/check";
import { cancelledRolloutError } from "../../../provider/rollout/lock/holder";
import type { RolloutPolicy } from "../../../provider/rollout/policy";
import { runRollout } from "../../../provider/rollout/run";
import { steadyTime } from "../../../provider/rollout/waiting";
import { CandidateCloud } from "../../support/candidateCloud";
import { FakeServiceGroup, SERVICE } from "../../support/fakeServiceGroup";

const HOUR_MS = 3_600_000;

describe("the time of a rollout", () => {
  it("goes on from where it was when the clock is set back", () => {
    let nowMs = HOUR_MS;
    const now = steadyTime({ now: () => nowMs });
    const seen: number[] = [];
    for (const ms of [10, -HOUR_MS, 20, 0, -5, 30]) {
      nowMs += ms;
      seen.push(now() - HOUR_MS);
    }
    assert.deepEqual(seen, [10, 10, 30, 30, 30, 60]);
  });

  for (const [what, policy] of [
    ["the pause of a canary", { strategy: "canary", steps: [{ count: 1, pauseMs: 20_000 }] }],
    ["stableForMs", { stableForMs: 20_000 }],
    ["healthyWithinMs", { onFailure: "pause" }],
  ] as const)
    it(`does not prolong ${what} by an hour then`, async () => {
      const cluster = new FakeServiceGroup();
      let names = 0;
      const request = (image: string) => ({ name: `web-${++names}`, image, tags: [] });
      for (let count = 0; count < 2; count++) cluster.add(request("v1"));
      if (what === "healthyWithinMs") cluster.lives.set("v2", () => ({ state: "starting" }));
      const beganMs = cluster.nowMs;
      const events: string[] = [];
      const isBack = () => cluster.nowMs > beganMs + 5_000;
      const base: RolloutPolicy = {
        ...{ strategy: "rolling", steps: [], keepOldForMs: 0, onFailure: "rollback", gate: undefined, desired: 2 },
        ...{ maxSurge: 1, maxUnavailable: 0, stableForMs: 0, healthyWithinMs: 60_000, drainTimeoutMs: 1_000 },
      };
      const rolled = runRollout({
        client: cluster.client,
        clock: { ...cluster.clock, now: () => cluster.nowMs - (isBack() ? HOUR_MS : 0) },
        service: SERVICE,
        policy: { ...base, ...policy } as RolloutPolicy,
        timeoutMs: 60_000,
        isNew: ({ image = "" }) => image.endsWith("v2"),
        isManaged: () => true,
        createRequest: () => request("v2"),
        onEvent: ({ phase, detail = "" }) => events.push(`${phase} ${detail}`),
      });
      if (what === "healthyWithinMs") await assert.rejects(rolled, /was not ready within 60 s/);
      else await rolled;
      assert.ok(cluster.nowMs - beganMs < 100_000, `${cluster.nowMs - beganMs} ms`);
      // What it says is by the same time.
      assert.equal(events.filter((event) => event.startsWith("resumed")).length, "steps" in policy ? 1 : 0);
      const left = events.flatMap((event) => /must stay so for (\d+) s more/.exec(event)?.[1] ?? []);
      assert.ok(
        left.every((seconds) => Number(seconds) <= 20),
        left.join(),
      );
    });
});

describe("the wait for a candidate", () => {
  let cloud: CandidateCloud;
  beforeEach(async () => {
    cloud = await CandidateCloud.start({ fqdn: "web-candidate.localhost" });
    cloud.answer = () => ({ status: 503 });
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const check = (gate: ReadinessProbe, more: Partial<CandidateOptions> = {}) =>
    createCandidateCheck({
      ...{ client: cloud.client, clock: cloud.api.context.clock, healthyWithinMs: 60_000 },
      service: { uuid: "u1", name: "web", services: [{ port: cloud.port, destination_port: 80, handlers: ["http"] }] },
      gate: { http: { port: 80, path: "/ready" }, ...gate },
      isNew: () => true,
      createRequest: () => ({
        name: "web-1",
        image: `oci://registry.test/web@sha256:${"1".repeat(64)}`,
        autostart: true,
      }),
      reportConsole: () => Promise.resolve("Printed."),
      warn: () => undefined,
      checkStop: () => Promise.resolve(),
      ...more,
    })();
  const elapsed = async (check: Promise<unknown>, expected: RegExp): Promise<number> => {
    const beganMs = cloud.api.context.clock.now();
    await assert.rejects(check, expected);
    assert.deepEqual([cloud.api.instances.size, cloud.api.services.size], [0, 0]);
    return cloud.api.context.clock.now() - beganMs;
  };

  it("ends at healthyWithinMs, however long the interval of the gate is", async () => {
    const ms = await elapsed(check({ interval_ms: HOUR_MS }), /did not pass the gate within 60 s/);
    assert.ok(ms < 62_000, `${ms} ms`);
  });

  it("ends within seconds of Ctrl-C, however long the interval of the gate is", async () => {
    const beganMs = cloud.api.context.clock.now();
    const checkStop = (): Promise<void> =>
      cloud.api.context.clock.now() - beganMs < 3_000
        ? Promise.resolve()
        : Promise.reject(cancelledRolloutError({ uuid: "u1", name: "web" }));
    const gate = { interval_ms: 30_000 };
    const ms = await elapsed(check(gate, { checkStop }), /was cancelled before its next step/);
    assert.ok(ms < 8_000, `${ms} ms`);
    await assert.rejects(check(gate, { checkStop }), (error) => UnikernelError.has(error, "ROLLOUT_STOPPED"));
  });
});
