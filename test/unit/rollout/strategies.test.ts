import assert from "node:assert/strict";
import type { InstanceItem } from "../../../provider/contract/models";
import { assessReadiness } from "../../../provider/client/waitForInstance";
import { UnikernelError } from "../../../provider/base/errors";
import type { RolloutEvent } from "../../../provider/rollout/events";
import { runRollout } from "../../../provider/rollout/run";
import type { Rollout } from "../../../provider/rollout/rolloutRequest";
import type { RolloutPolicy } from "../../../provider/rollout/policy";
import { FakeServiceGroup, SERVICE } from "../../support/fakeServiceGroup";

const base: RolloutPolicy = {
  strategy: "rolling",
  desired: 2,
  maxSurge: 1,
  maxUnavailable: 0,
  steps: [],
  keepOldForMs: 0,
  stableForMs: 0,
  healthyWithinMs: 30_000,
  drainTimeoutMs: 1000,
  onFailure: "rollback",
  gate: { http: { port: 8080, path: "/ready" } },
};
/** Listens after 1 s, and passes its gate after 3 s. */
const slow = (ageMs: number): Partial<InstanceItem> => ({
  state: ageMs < 500 ? "starting" : "running",
  net_time_us: ageMs < 1000 ? 0 : 1,
  readiness: ageMs < 3000 ? { state: "waiting", reason: "it returned HTTP 404", attempts: 1 } : { state: "passed" },
});
/** The result of the gate, with the time when it passed. */
const passedAt = (ageMs: number, startedAt: string): Partial<InstanceItem> =>
  ageMs < 3000
    ? {}
    : { readiness: { state: "passed", passed_at: new Date(Date.parse(startedAt) + 3000).toISOString() } };
const isOf = (image: string) => (item: InstanceItem) => (item.image ?? "").endsWith(image);

describe("a rollout with the strategy", () => {
  let cluster: FakeServiceGroup;
  let events: RolloutEvent[];
  let names: number;
  let fewest: number;
  let most: number;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    cluster.features = ["readiness-probe", "rotation"];
    cluster.lives.set("v2", slow);
    [events, names, fewest, most] = [[], 0, Infinity, 0];
  });

  const request = (image: string) => ({ name: `web-${++names}`, image, tags: ["managed"] });
  const olds = (count = 2) => Array.from({ length: count }, () => cluster.add(request("v1")));
  const roll = async (policy: Partial<RolloutPolicy>, more: Partial<Rollout> = {}) => {
    const watch = cluster.onChange;
    cluster.onChange = () => {
      watch();
      const serving = cluster.items().filter((one) => one.rotation !== "out" && assessReadiness(one).outcome === "met");
      fewest = Math.min(fewest, serving.length);
      most = Math.max(most, cluster.instances.size);
    };
    return runRollout({
      client: cluster.client,
      clock: cluster.clock,
      service: SERVICE,
      features: new Set(cluster.features),
      policy: { ...base, ...policy },
      timeoutMs: 60_000,
      isNew: isOf("v2"),
      isManaged: ({ tags }) => (tags ?? []).includes("managed"),
      isRetired: ({ tags }) => (tags ?? []).includes("retired"),
      retiredTags: () => ["retired"],
      createRequest: () => request("v2"),
      applyTemplate: async ({ uuid }) => {
        await cluster.client.patchInstances({ body: [{ uuid, prop: "image", op: "set", value: "v2" }] });
      },
      onEvent: (event) => events.push(event),
      ...more,
    });
  };
  const images = () => cluster.items().map((item) => (item.image ?? "").slice(-2));
  /** The events but those of a wait, which come with each observation. */
  const phases = () =>
    events
      .filter(({ phase }) => phase !== "waiting")
      .map(({ phase, member }) => (member === undefined ? phase : `${phase} ${member}`));

  it("rolling keeps the old members until the new one has passed its gate, and reports each step", async () => {
    olds(1);
    await roll({ desired: 1 });
    assert.deepEqual([images(), fewest, most], [["v2"], 1, 2]);
    assert.deepEqual(phases(), [
      "started",
      "launched web-2",
      "admitted web-2",
      "ready web-2",
      "draining web-1",
      "drained web-1",
      "removed web-1",
      "done",
    ]);
    const waits = events.filter(({ phase }) => phase === "waiting");
    assert.equal(waits.findLast(({ member }) => member === "web-2")?.detail, "it returned HTTP 404");
    assert.match(waits.findLast(({ member }) => member === "web-1")?.detail ?? "", /open connections/);
  });

  it("says when a new member gets connections, and for how long it must stay ready", async () => {
    olds(1);
    await roll({ desired: 1, stableForMs: 15_000 });
    const at = (phase: string) => events.find((one) => one.phase === phase && one.member === "web-2")?.elapsedMs ?? NaN;
    assert.ok(at("admitted") < at("ready") - 14_000, `${at("admitted")} ${at("ready")}`);
    assert.equal(events.find(({ phase }) => phase === "admitted")?.detail, "ready if it stays so for 15 s");
    const waits = events.filter((one) => one.phase === "waiting" && one.member === "web-2").map(({ detail }) => detail);
    assert.ok(waits.includes("ready; must stay so for 10 s more"), waits.join("\n"));
    assert.ok(!waits.some((detail) => /too late/.test(detail ?? "")), waits.join("\n"));
    for (const { attempts, detail } of events)
      assert.equal(attempts, detail === "it returned HTTP 404" ? 1 : undefined, detail);
  });

  it("scaling is called so, and says nothing of members that were there", async () => {
    for (let i = 0; i < 3; i++) cluster.add(request("v2"));
    cluster.nowMs += 10_000;
    await roll({ desired: 2, stableForMs: 5_000 });
    assert.deepEqual(
      phases().map((text) => text.replace(/web-\d/, "one")),
      ["started", "draining one", "drained one", "removed one", "done"],
    );
    const [started] = events;
    assert.deepEqual([started?.operation, started?.detail], ["scaling", "from 3 to 2 replicas"]);
  });

  it("waits for none of those that have been ready for long, by what the metro tells", async () => {
    const started_at = new Date(cluster.nowMs).toISOString();
    cluster.lives.set("v2", (ms) => ({ ...slow(ms), started_at, uptime_ms: ms, ...passedAt(ms, started_at) }));
    for (let i = 0; i < 2; i++) cluster.add({ ...request("v2"), readiness_probe: {} }, { rotation: "in" });
    const beganMs = (cluster.nowMs += 60_000);
    await roll({ stableForMs: 50_000 });
    assert.ok(cluster.nowMs - beganMs < 1_000, `${cluster.nowMs - beganMs} ms`);
    await roll({ desired: 3, stableForMs: 50_000 });
    assert.ok(cluster.nowMs - beganMs < 60_000, "only the new one");
    assert.equal(cluster.instances.size, 3);
  });

  it("reports nothing if there is nothing to do", async () => {
    cluster.add(request("v2"));
    cluster.add(request("v2"));
    cluster.nowMs += 10_000;
    await roll({ stableForMs: 5_000 });
    assert.deepEqual(events, []);
  });

  it("blueGreen cuts over once, by one request", async () => {
    const uuids = olds();
    await roll({ strategy: "blueGreen", maxSurge: 2 });
    assert.deepEqual([images(), fewest, most], [["v2", "v2"], 2, 4]);
    const rotations = cluster.log.filter((entry) => entry.includes("rotation"));
    assert.deepEqual(rotations, [
      'set rotation of i3 to "in"',
      'set rotation of i4 to "in"',
      ...uuids.map((uuid) => `set rotation of ${uuid} to "out"`),
    ]);
  });

  it("blueGreen leaves the old members to the platform, and the next rollout removes them", async () => {
    olds();
    await roll({ strategy: "blueGreen", maxSurge: 2, keepOldForMs: 60_000 });
    const kept = cluster.items().filter(({ tags }) => tags?.includes("retired"));
    assert.deepEqual([kept.length, images().length], [2, 4]);
    assert.deepEqual(
      events.filter(({ phase }) => phase === "kept").map(({ member, detail }) => [member, detail]),
      ["web-1", "web-2"].map((member) => [member, "stopped, for 60 s, or until the next update"]),
    );
    assert.ok(cluster.log.includes('set autokill of i1 to {"time_ms":60000}'), cluster.log.join("\n"));
    cluster.nowMs += 10_000;
    await roll({}, { isNew: isOf("v2") });
    assert.deepEqual(images(), ["v2", "v2"]);
  });

  it("blueGreen is rejected by a metro that cannot keep members out of rotation, and changes nothing", async () => {
    olds();
    const rejected = await roll({ strategy: "blueGreen", maxSurge: 2 }, { features: new Set() }).catch(
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.has(rejected, "ROLLOUT_FAILED"));
    assert.ok(UnikernelError.has(rejected.cause, "NOT_SUPPORTED"));
    assert.deepEqual(cluster.log, []);
  });

  it("canary pauses after its step", async () => {
    olds(3);
    await roll({ strategy: "canary", desired: 3, steps: [{ count: 1, pauseMs: 20_000 }] });
    assert.deepEqual([images(), fewest, most], [["v2", "v2", "v2"], 3, 4]);
    const at = (phase: string, index: number) => events.filter((one) => one.phase === phase)[index]?.elapsedMs ?? NaN;
    const pauses = events.filter(({ phase }) => phase === "paused" || phase === "resumed");
    assert.deepEqual(
      pauses.map(({ phase, step, steps, detail }) => [phase, step, steps, detail]),
      [
        ["paused", 1, 1, "step 1 of 1, 1 of 3 replicas new, for 20 s"],
        ["resumed", 2, 1, "to all 3 replicas"],
      ],
    );
    assert.ok(at("launched", 1) - at("ready", 0) >= 20_000);
  });

  it("recreate stops the old members first", async () => {
    olds();
    await roll({ strategy: "recreate", maxSurge: 0, maxUnavailable: 2 });
    assert.deepEqual([images(), fewest, most], [["v2", "v2"], 0, 2]);
    assert.ok(cluster.log.indexOf("delete i2") < cluster.log.indexOf("create i3"));
  });

  it("inPlace keeps the members, and one of two serving", async () => {
    const uuids = olds();
    const rolled = await roll({ strategy: "inPlace", maxSurge: 0, maxUnavailable: 1 });
    assert.deepEqual([images(), fewest, most], [["v2", "v2"], 1, 2]);
    assert.deepEqual(
      rolled.map(({ uuid }) => uuid),
      uuids,
    );
    assert.deepEqual(cluster.log.slice(0, 3), ["stop i1", 'set image of i1 to "v2"', "start i1"]);
  });

  it("inPlace stops a member that crashes again and again before it changes it", async () => {
    cluster.lives.set("v1", () => ({ state: "stopped", stop_reason: 3, exit_code: 7, restart: { attempt: 3 } }));
    olds(1);
    await roll({ strategy: "inPlace", desired: 1, maxSurge: 0, maxUnavailable: 1 });
    assert.deepEqual(cluster.log, ["stop i1", 'set image of i1 to "v2"', "start i1"]);
  });

  it("inPlace fails if a changed member stops", async () => {
    olds();
    cluster.lives.set("v2", () => ({ state: "stopped", stop_reason: 3, exit_code: 7 }));
    const error = await roll({ strategy: "inPlace", maxSurge: 0 }).catch((e: unknown) => e);
    assert.ok(UnikernelError.has(error, "ROLLOUT_FAILED"));
    assert.match(error.message, /the program exited with code 7/);
    assert.deepEqual(images(), ["v2", "v1"]);
  });

  it("rolling ends before its next step if it is stopped", async () => {
    olds();
    let checks = 0;
    const checkStop = (isWaiting?: boolean) =>
      isWaiting !== true && ++checks === 2
        ? Promise.reject(new UnikernelError("OPERATION_FAILED", "Stopped by hand."))
        : Promise.resolve();
    const error = await roll({}, { checkStop }).catch((e: unknown) => e);
    assert.match(String(error), /Stopped by hand/);
    assert.deepEqual(
      cluster.log.filter((entry) => entry.startsWith("stop")),
      [],
    );
  });

  it("rolling asks a candidate once, before its first launch, where members are not gated", async () => {
    olds();
    const asked: number[] = [];
    const passCandidate = () => Promise.resolve(void asked.push(cluster.log.length));
    await roll({}, { features: new Set(), passCandidate });
    assert.deepEqual(asked, [0]);
    await roll({ desired: 3 }, { passCandidate });
    assert.deepEqual([asked, images().length], [[0], 3]);
  });

  it("rolling does not cut off connections that wait for a member to wake, however long its gate takes", async () => {
    const wakesMs = cluster.nowMs + 30_000;
    const settings = { rotation: "in", scale_to_zero: { enabled: true, policy: "idle" } } as const;
    const waking = (): Partial<InstanceItem> =>
      cluster.nowMs < wakesMs
        ? { state: "running", readiness: { state: "waiting", attempts: 9 } }
        : { state: "running", readiness: { state: "passed" } };
    cluster.lives.set("v1", () => ({ ...settings, net_time_us: 1, ...waking() }));
    olds();
    await roll({});
    assert.deepEqual(images(), ["v2", "v2"]);
    assert.ok(cluster.nowMs >= wakesMs, `${wakesMs - cluster.nowMs} ms too early`);
  });

  it("rolling repairs a fleet whose members do not pass their gate", async () => {
    for (const uuid of olds()) {
      const held = cluster.instances.get(uuid);
      if (held !== undefined) held.override = { state: "running", readiness: { state: "waiting", attempts: 9 } };
    }
    await roll({});
    assert.deepEqual(images(), ["v2", "v2"]);
  });
});
