import assert from "node:assert/strict";
import type { InstanceItem } from "../../../provider/contract/models";
import { assessReadiness } from "../../../provider/client/waitForInstance";
import { UnikernelError } from "../../../provider/base/errors";
import { runRollout } from "../../../provider/rollout/run";
import type { Rollout } from "../../../provider/rollout/rolloutRequest";
import type { RolloutPolicy } from "../../../provider/rollout/policy";
import { FakeServiceGroup, SERVICE } from "../../support/fakeServiceGroup";

const policy: RolloutPolicy = {
  strategy: "rolling",
  steps: [],
  keepOldForMs: 0,
  onFailure: "rollback",
  gate: undefined,
  desired: 2,
  maxSurge: 1,
  maxUnavailable: 0,
  stableForMs: 0,
  healthyWithinMs: 30_000,
  drainTimeoutMs: 1000,
};
const isServing = (item: InstanceItem) => assessReadiness(item).outcome === "met";

describe("a rollout", () => {
  let cluster: FakeServiceGroup;
  let names: number;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    names = 0;
  });

  const request = (image: string) => ({ name: `web-${++names}`, image, tags: ["managed"] });
  const isOf = (image: string) => (item: InstanceItem) => (item.image ?? "").endsWith(image);
  const rolling = (more: Partial<Rollout> = {}): Rollout => ({
    client: cluster.client,
    clock: cluster.clock,
    service: SERVICE,
    policy,
    timeoutMs: 60_000,
    isNew: isOf("v2"),
    isManaged: (item) => (item.tags ?? []).includes("managed"),
    createRequest: () => request("v2"),
    ...more,
  });
  const twoOld = () => [cluster.add(request("v1")), cluster.add(request("v1"))];
  const images = () => cluster.items().map((item) => (item.image ?? "").slice(-2));
  const creates = () => cluster.log.filter((entry) => entry.startsWith("create"));
  const failing = async (rollout: Rollout): Promise<UnikernelError> => {
    const error: unknown = await runRollout(rollout).then(
      () => assert.fail("it resolved"),
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.has(error, "ROLLOUT_FAILED"), String(error));
    return error;
  };
  /** Ends an endless rollout. */
  const limit = (minutes: number) => {
    const end = cluster.nowMs + minutes * 60_000;
    let changes = 0;
    cluster.onChange = () => {
      if (cluster.nowMs > end || ++changes > 20_000) throw new Error("it never ends");
    };
  };

  it("replaces two replicas and always keeps two serving", async () => {
    twoOld();
    cluster.lives.set("v2", (ageMs) => ({
      state: ageMs < 500 ? "starting" : "running",
      net_time_us: ageMs < 900 ? 0 : 1,
    }));
    let fewest = Infinity;
    let most = 0;
    cluster.onChange = () => {
      fewest = Math.min(fewest, cluster.items().filter(isServing).length);
      most = Math.max(most, cluster.instances.size);
    };
    const rolled = await runRollout(rolling());
    assert.deepEqual([fewest, most, images(), rolled.length], [2, 3, ["v2", "v2"], 2]);
    assert.deepEqual(
      cluster.log.filter((entry) => /i[12]$/.test(entry)),
      ["stop i1", "delete i1", "stop i2", "delete i2"],
    );
  });

  it("changes nothing if all replicas are current", async () => {
    cluster.add(request("v2"));
    cluster.add(request("v2"));
    await runRollout(rolling());
    assert.deepEqual(cluster.log, []);
  });

  it("fails if a new replica crashes: keeps the old ones and deletes the new ones, whose console is reported first", async () => {
    twoOld();
    cluster.lives.set("v2", () => ({ state: "stopped", stop_reason: 3, exit_code: 7 }));
    const reported: string[] = [];
    const reportConsole = ({ uuid }: { uuid: string }) => {
      reported.push(cluster.instances.has(uuid) ? uuid : "gone");
      return Promise.resolve("Its console was printed.");
    };
    const error = await failing(rolling({ reportConsole }));
    assert.deepEqual(reported, ["i3"]);
    assert.deepEqual(images(), ["v1", "v1"]);
    assert.match(error.message, /1 new replica removed; 2 old replicas still serving\./);
    assert.match(error.message, /the program exited with code 7/);
    assert.match(error.message, /Its console was printed\./);
  });

  it("fails in time if a new replica is never ready", async () => {
    twoOld();
    cluster.lives.set("v2", () => ({ state: "running", net_time_us: 0 }));
    const startMs = cluster.nowMs;
    const error = await failing(rolling());
    assert.match(error.message, /was not ready within 30 s/);
    assert.deepEqual(images(), ["v1", "v1"]);
    assert.ok(cluster.nowMs - startMs < 35_000);
  });

  it("fails in time if a new replica keeps restarting", async () => {
    twoOld();
    cluster.lives.set("v2", (ageMs) => ({ state: "running", net_time_us: 1, restart_count: Math.floor(ageMs / 150) }));
    limit(5);
    const error = await failing(rolling({ policy: { ...policy, stableForMs: 1000 } }));
    assert.match(error.message, /did not stay ready\. .*'rollout\.healthyWithinMs'.*'rollout\.stableForMs' \(1 s\)/);
    assert.deepEqual(images(), ["v1", "v1"]);
  });

  it("gives a proven replica time to recover from a restart", async () => {
    twoOld();
    const bornMs = cluster.nowMs;
    const restarts = (nowMs: number) => nowMs - bornMs > 40_000 && nowMs - bornMs < 43_000;
    cluster.lives.set("v2", () =>
      restarts(cluster.nowMs) ? { state: "starting" } : { state: "running", net_time_us: 1 },
    );
    const slow = cluster.client.stopInstances;
    Object.assign(cluster.client, {
      stopInstances: (...args: Parameters<typeof slow>) => {
        cluster.nowMs = Math.max(cluster.nowMs, bornMs + 40_500);
        return slow(...args);
      },
    });
    await runRollout(rolling());
    assert.deepEqual(images(), ["v2", "v2"]);
  });

  it("creates no second instance if a create response is lost", async () => {
    twoOld();
    let lost = 0;
    cluster.onCreate = () => (lost++ === 0 ? "lose" : "respond");
    await runRollout(rolling());
    assert.deepEqual([images(), creates().length], [["v2", "v2"], 2]);
  });

  it("creates again if the create itself was lost", async () => {
    let attempts = 0;
    cluster.onCreate = () => {
      if (attempts++ === 0) throw new UnikernelError("API_UNREACHABLE", "Lost on the way.");
      return "respond";
    };
    await runRollout(rolling());
    assert.deepEqual([images(), creates().length], [["v2", "v2"], 2]);
  });

  it("launches no more while a new replica is not listed yet", async () => {
    twoOld();
    cluster.listedAfterMs = 700;
    cluster.nowMs += 1000;
    await runRollout(rolling());
    assert.deepEqual([images(), creates().length], [["v2", "v2"], 2]);
  });

  it("creates another replica if a new one is deleted elsewhere", async () => {
    twoOld();
    cluster.lives.set("v2", (ageMs) => ({ state: "running", net_time_us: ageMs < 1000 ? 0 : 1 }));
    let done = false;
    cluster.onChange = () => {
      const newInstance = cluster.items().find(isOf("v2"));
      if (done || newInstance === undefined || cluster.nowMs < 1_000_400) return;
      done = true;
      cluster.instances.delete(newInstance.uuid);
    };
    await runRollout(rolling());
    assert.deepEqual([images(), creates().length], [["v2", "v2"], 3]);
  });

  it("continues a partial rollout", async () => {
    cluster.add(request("v1"));
    cluster.add(request("v2"));
    cluster.add(request("v1"));
    await runRollout(rolling());
    assert.deepEqual([images(), creates().length], [["v2", "v2"], 1]);
  });

  it("replaces a broken new replica of an earlier rollout", async () => {
    twoOld();
    const broken = cluster.add(request("v2"), { state: "stopped", stop_reason: 3, exit_code: 1 });
    await runRollout(rolling());
    assert.deepEqual(images(), ["v2", "v2"]);
    assert.ok(!cluster.instances.has(broken));
  });

  it("finishes a drain of an earlier rollout", async () => {
    cluster.add(request("v2"));
    cluster.add(request("v2"));
    const draining = cluster.add(request("v1"), { state: "draining" });
    let cut = false;
    const { deleteInstances } = cluster.client;
    Object.assign(cluster.client, {
      deleteInstances: (...args: Parameters<typeof deleteInstances>) => {
        cut ||= cluster.items().some(({ uuid, state }) => uuid === draining && state !== "stopped");
        return deleteInstances(...args);
      },
    });
    await runRollout(rolling());
    assert.deepEqual([images(), cut], [["v2", "v2"], false]);
  });

  it("deletes an old replica that does not stop", async () => {
    twoOld();
    cluster.stopMs = Infinity;
    await runRollout(rolling());
    assert.deepEqual(images(), ["v2", "v2"]);
  });

  it("deletes an old replica that does not stop only after its drain timeout and the rollout timeout", async () => {
    cluster.add(request("v1"));
    cluster.stopMs = Infinity;
    const sinceMs = cluster.nowMs;
    await runRollout(rolling({ policy: { ...policy, desired: 1, drainTimeoutMs: 30_000 }, timeoutMs: 200_000 }));
    assert.deepEqual(images(), ["v2"]);
    const tookMs = cluster.nowMs - sinceMs;
    assert.ok(tookMs >= 230_000 && tookMs <= 240_000, `it took ${tookMs} ms`);
  });

  it("fails if the platform runs another image than requested, without endless attempts", async () => {
    twoOld();
    limit(10);
    const error = await failing(rolling({ createRequest: () => request("v3") }));
    assert.equal(UnikernelError.has(error.cause, "IMAGE_MISMATCH"), true, error.message);
    assert.deepEqual([images(), creates().length], [["v1", "v1"], 1]);
  });

  it("scales to zero including a broken replica", async () => {
    cluster.add(request("v2"));
    cluster.add(request("v2"), { state: "stopped", stop_reason: 3, exit_code: 1 });
    assert.deepEqual(await runRollout(rolling({ policy: { ...policy, desired: 0 } })), []);
    assert.deepEqual(images(), []);
  });

  it("drains surplus replicas even before they are proven", async () => {
    for (let i = 0; i < 3; i++) cluster.add(request("v2"));
    await runRollout(rolling({ policy: { ...policy, stableForMs: 10_000 } }));
    assert.deepEqual(cluster.log, ["stop i3", "delete i3"]);
  });

  it("ignores instances that it does not manage", async () => {
    cluster.add({ name: "other", image: "v1", tags: [] });
    await runRollout(rolling());
    assert.deepEqual(images(), ["v1", "v2", "v2"]);
  });
});
