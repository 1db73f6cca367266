/** Instances: start order, options of stop and delete, and live quotas. */
import assert from "node:assert/strict";
import { DEFAULT_QUOTAS, resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform, webGuest } from "../../support/testPlatform";

describe("the lifecycle of an instance", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: object) => platform.requestItem("POST", "/v1/instances", { image: "app:1", ...body });
  const start = (name: string, more: object = {}) => platform.api("PUT", "/v1/instances/start", [{ name, ...more }]);
  const stop = (name: string, more: object = {}) => platform.api("PUT", "/v1/instances/stop", [{ name, ...more }]);
  const byName = (name: string) => platform.requestItem("GET", `/v1/instances?name=${name}`);
  const isStopped = ({ state }: Item) => state === "stopped";
  const slow = (name: string) => platform.guests.set(name, { ...webGuest(name), bootMs: 60_000 });
  const started = () => platform.vmm.starts.map(({ hostname }) => hostname);

  describe("with dependencies", () => {
    it("starts after all of them run, and they after theirs", async () => {
      await create({ name: "disk" });
      await create({ name: "db", dependencies: [{ name: "disk" }] });
      await create({ name: "cache" });
      await create({ name: "web", dependencies: [{ name: "db" }, { name: "cache" }] });
      assert.equal((await start("web", { timeout_s: 10 })).status, "success");
      assert.deepEqual([...started()].sort(), ["cache", "db", "disk", "web"]);
      assert.equal(started().at(-1), "web");
      assert.ok(started().indexOf("disk") < started().indexOf("db"));
    });

    it("leaves running ones alone", async () => {
      await platform.createRunning({ name: "db" });
      await create({ name: "web", dependencies: [{ name: "db" }], autostart: true, timeout_s: 10 });
      assert.deepEqual(started(), ["db", "web"]);
    });

    it("is starting while they start, and its start returns at once", async () => {
      slow("db");
      await create({ name: "db" });
      const { uuid } = await create({ name: "web", dependencies: [{ name: "db" }], autostart: true });
      assert.equal((await platform.instance(uuid))["state"], "starting");
      assert.deepEqual(started(), ["db"]);
      const answer = await start("web", { timeout_s: 1 });
      assert.deepEqual([answer.status, answer.message], ["error", "Operation timed out"]);
      assert.deepEqual(
        answer.items.map((item) => [item["status"], item["state"], "error" in item]),
        [["error", "starting", false]],
      );
    });

    it("allows stop and delete while it waits for them", async () => {
      slow("db");
      await create({ name: "db" });
      const { uuid } = await create({ name: "web", dependencies: [{ name: "db" }], autostart: true });
      await stop("web");
      const stopped = await platform.waitForItem(uuid, isStopped);
      assert.equal(Number(stopped["stop_reason"]) & 8, 8); // by a user
      await start("web");
      assert.equal((await byName("web"))["state"], "starting");
      assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["status"], "success");
      assert.equal((await platform.instance(uuid))["error"], 8);
      assert.deepEqual(started(), ["db"]);
    });

    it("stays down if one of them does not start", async () => {
      platform.guests.set("db", { bootMs: 30, onStop: { kind: "exited", exitCode: 0 } });
      await create({ name: "db" });
      const { uuid } = await create({ name: "web", dependencies: [{ name: "db" }], autostart: true });
      await stop("db", { force: true });
      const item = await platform.waitForItem(uuid, isStopped);
      assert.equal(item["stop_reason"], 4); // the platform
      assert.deepEqual(started(), ["db"]);
    });

    it("does not wait for a deleted one", async () => {
      await create({ name: "db" });
      await create({ name: "web", dependencies: [{ name: "db" }] });
      await platform.api("DELETE", "/v1/instances", [{ name: "db" }]);
      assert.equal((await start("web", { timeout_s: 10 })).items[0]?.["state"], "running");
    });
  });

  describe("when started", () => {
    it("returns after the instance runs if asked to wait, in both variants", async () => {
      platform.guests.set("a", { ...webGuest("a"), bootMs: 30 });
      await create({ name: "a" });
      const [item] = (await start("a", { wait_timeout_ms: 5000 })).items;
      assert.deepEqual([item?.["state"], item?.["previous_state"]], ["running", "stopped"]);
    });

    it("returns the end of an instance that stops during the wait", async () => {
      platform.guests.set("a", { bootMs: 5, exits: { afterMs: 0, exit: { kind: "exited", exitCode: 3 } } });
      await create({ name: "a" });
      const answer = await start("a", { timeout_s: 10 });
      assert.equal(answer.status, "success");
      const item = await platform.waitForItem(answer.items[0]?.uuid ?? "", isStopped);
      assert.equal(item["exit_code"], 3);
    });
  });

  describe("when stopped", () => {
    it("applies only from the given state, and otherwise changes nothing", async () => {
      const { uuid } = await platform.createRunning({ name: "a" });
      const [other] = (await stop("a", { ifstate: "standby" })).items;
      assert.deepEqual([other?.["status"], other?.["state"]], ["success", "running"]);
      assert.equal((await platform.instance(uuid))["state"], "running");
      await stop("a", { ifstate: "running", quick: true });
      await platform.waitForItem(uuid, isStopped);
    });

    it("rejects conflicting options and a dump that it cannot create", async () => {
      await platform.createRunning({ name: "a" });
      const refused = async (more: object) => {
        const answer = await stop("a", more);
        return [answer.httpStatus, answer.items[0]?.["error"]];
      };
      assert.deepEqual(await refused({ force: true, drain_timeout_ms: 5 }), [400, undefined]);
      assert.deepEqual(await refused({ half_closed_timeout_ms: 5 }), [400, undefined]);
      assert.deepEqual(await refused({ dump: true }), [400, undefined]);
      assert.deepEqual(await refused({ dump: true, force: true }), [200, 1]);
      assert.deepEqual(await refused({ drain_timeout_ms: 3_600_001 }), [400, undefined]);
      assert.equal((await byName("a"))["state"], "running");
    });
  });

  describe("when deleted", () => {
    it("waits for the delete lock to be removed", async () => {
      const { uuid } = await platform.createRunning({ name: "a" });
      const lock = { uuid, prop: "delete_lock" };
      await platform.requestItem("PATCH", "/v1/instances", [{ ...lock, op: "set", value: true }]);
      const refused = await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]);
      assert.deepEqual([refused["error"], refused.message], [14, "Deletion protection enabled"]);
      assert.equal((await platform.instance(uuid))["state"], "running");
      await platform.requestItem("PATCH", "/v1/instances", [{ ...lock, op: "del" }]);
      assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["status"], "success");
    });

    it("is awaited for the given time and continues afterwards", async () => {
      platform.guests.set("a", { onStop: undefined }); // it is killed after the grace period
      await platform.requestItem("POST", "/v1/volumes", { name: "v", size_mb: 8 });
      const { uuid } = await platform.createRunning({ name: "a", volumes: [{ name: "v", at: "/v" }] });
      const [now] = (await platform.api("DELETE", "/v1/instances", [{ uuid, timeout_s: 0 }])).items;
      assert.deepEqual([now?.["status"], now?.["previous_state"]], ["success", "running"]);
      assert.equal((await platform.instance(uuid))["error"], 8);
      const detached = async () => (await platform.requestItem("GET", "/v1/volumes?name=v"))["state"] === "available";
      while (!(await detached())) await new Promise((resolve) => setTimeout(resolve, 5));
      await platform.createRunning({ name: "a" });
      const gone = await platform.requestItem("DELETE", "/v1/instances", [
        { name: "a", timeout_s: -1, dont_retain: true },
      ]);
      assert.deepEqual([gone["status"], gone["previous_state"]], ["success", "running"]);
    });

    it("returns at once if deletion fails, however long the wait", async () => {
      platform.guests.set("a", {
        get onStop(): undefined {
          throw new Error("does not listen");
        },
      });
      const { uuid } = await platform.createRunning({ name: "a", volumes: [{ size_mb: 8, at: "/v" }] });
      assert.equal(
        (await platform.requestItem("DELETE", "/v1/instances", [{ uuid, timeout_s: -1 }]))["status"],
        "error",
      );
      assert.equal((await platform.instance(uuid))["state"], "running");
      platform.guests.delete("a");
      platform.vmm.end(uuid, { kind: "exited", exitCode: 0 });
      assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["status"], "success");
    });

    it("returns without a code if deletion takes longer than the wait", async () => {
      await platform.daemon.close();
      await platform.start({ timings: { stopGraceMs: 3_000 } });
      platform.guests.set("a", { onStop: undefined });
      const volumes = [{ size_mb: 8, at: "/v" }];
      const { uuid } = await platform.createRunning({ name: "a", volumes });
      const answer = await platform.api("DELETE", "/v1/instances", [{ uuid, timeout_s: 1 }]);
      assert.deepEqual([answer.httpStatus, answer.message], [200, "Operation timed out"]);
      assert.deepEqual([answer.items[0]?.uuid, "error" in (answer.items[0] ?? {})], [uuid, false]);
    });
  });

  describe("under live quotas", () => {
    const restartWith = async (live: number) => {
      await platform.daemon.close();
      await platform.start({ quotas: resolveQuotas({ live_instances: live }) });
    };

    it("rejects a start that would exceed them and keeps its state", async () => {
      await restartWith(1);
      await platform.createRunning({ name: "a" });
      const { uuid } = await create({ name: "b" });
      assert.equal((await start("b")).items[0]?.["error"], 19);
      const item = await platform.instance(uuid);
      assert.deepEqual([item["state"], item["start_count"]], ["stopped", 0]);
      assert.equal((await create({ name: "c", autostart: true }))["error"], 19);
      assert.equal((await byName("c"))["error"], 8);
      await stop("a", { force: true });
      await platform.waitForItem((await byName("a")).uuid, isStopped);
      assert.equal((await start("b")).status, "success");
    });

    it("limits concurrent starts to the quota", async () => {
      await restartWith(3);
      const names = Array.from({ length: 8 }, (_, n) => `i${n}`);
      await Promise.all(names.map((name) => create({ name })));
      const answer = await platform.api(
        "PUT",
        "/v1/instances/start",
        names.map((name) => ({ name })),
      );
      const refused = answer.items.filter((item) => item["status"] === "error");
      assert.deepEqual(
        [answer.items.length - refused.length, new Set(refused.map((item) => item["error"]))],
        [3, new Set([19])],
      );
    });

    it("does not restart after a crash if others took its place", async () => {
      await platform.daemon.close();
      await platform.start({
        quotas: resolveQuotas({ live_instances: 1 }),
        timings: { restartBackoffMs: 300, restartBackoffMaxMs: 300 },
      });
      let lives = 0;
      platform.guests.set("a", () => {
        lives++;
        return { exits: { afterMs: 0, exit: { kind: "panicked", detail: "oops" } } };
      });
      const { uuid } = await create({ name: "a", restart_policy: "always", autostart: true });
      await platform.waitForItem(uuid, ({ restart }) => (restart as { attempt?: number } | undefined)?.attempt === 2);
      await platform.createRunning({ name: "b" });
      const item = await platform.waitForItem(uuid, ({ restart }) => restart === undefined);
      assert.deepEqual([item["state"], item["stop_reason"], lives], ["stopped", 4, 2]);
    });

    it("does not wake beyond them, stays in standby, and wakes when there is room", async () => {
      const port = await freePort();
      const { uuid } = await platform.createRunning({
        name: "a",
        service_group: { services: [{ port }] },
        scale_to_zero: { policy: "on", cooldown_time_ms: 20 },
      });
      await platform.waitForItem(uuid, ({ state }) => state === "standby");
      await platform.daemon.close();
      await platform.start({ quotas: resolveQuotas({ live_memory_mb: 64 }), timings: { connectionWaitMs: 200 } });
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 503);
      assert.equal((await platform.instance(uuid))["state"], "standby");
      assert.equal((await start("a")).items[0]?.["error"], 19);
      await platform.daemon.close();
      await platform.start({ quotas: DEFAULT_QUOTAS });
      const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      assert.equal(await reply.text(), "a");
    });
  });
});
