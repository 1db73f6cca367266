/** Suspend: an instance that is paused in memory and resumes. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

describe("suspended instances", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const suspend = (name: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("PUT", "/v1/instances/suspend", [{ name, ...more }]);
  const start = (name: string) => platform.requestItem("PUT", "/v1/instances/start", [{ name, timeout_s: 10 }]);
  const fetchText = async (port: number): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
  const service = async (more: Record<string, unknown> = {}) => {
    const port = await freePort();
    return { port, body: { service_group: { services: [{ port }] }, ...more } };
  };

  it("are stopped with a snapshot, and the next start resumes the same VM", async () => {
    const { port, body } = await service();
    const { uuid } = await platform.createRunning({ name: "web", ...body });
    const item = await suspend("web");
    assert.deepEqual([item["status"], item["previous_state"], item["state"]], ["success", "running", "stopped"]);
    assert.match(String((item["snapshot"] as { uuid: string }).uuid), /^[0-9a-f-]{36}$/);
    assert.equal(await fetchText(port), "No instance is ready.\n");
    const again = await start("web");
    assert.deepEqual([again["state"], again["start_count"], "snapshot" in again], ["running", 2, false]);
    assert.equal("stop_reason" in again, false);
    assert.equal(await fetchText(port), "web");
    assert.equal(platform.vmm.starts.length, 1);
    platform.vmm.end(uuid, { kind: "exited", exitCode: 3 });
    const ended = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.deepEqual([ended["stop_reason"], ended["exit_code"]], [3, 3]); // from inside the guest: nobody requested this end
  });

  it("with scale to zero are in standby and resume for a connection", async () => {
    const { port, body } = await service({ scale_to_zero: { policy: "on", cooldown_time_ms: 60_000 } });
    const { uuid } = await platform.createRunning({ name: "web", ...body });
    const item = await suspend("web");
    assert.equal(item["state"], "standby");
    assert.ok("snapshot" in item);
    assert.equal(await fetchText(port), "web");
    assert.equal(platform.vmm.starts.length, 1);
    assert.equal((await platform.instance(uuid))["state"], "running");
  });

  it("say so if their VM ends while they sleep, and keep quiet if they have no memory to lose", async () => {
    const { port, body } = await service({ scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 10 } });
    const { uuid } = await platform.createRunning({ name: "web", ...body });
    await platform.waitForItem(uuid, ({ state }) => state === "standby");
    platform.vmm.end(uuid, { kind: "killed", detail: "QEMU was killed by SIGBUS" });
    const lost = await platform.waitForItem(uuid, (item) => item["memory_notice"] !== undefined);
    const notice =
      "Its memory is lost, and it boots anew, because its VM ended while it slept: QEMU was killed by SIGBUS";
    assert.deepEqual([lost["state"], lost["memory_notice"]], ["standby", notice]);
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal((await platform.instance(uuid))["memory_notice"], notice, "the first reason");
    assert.equal(await fetchText(port), "web");
    assert.equal(platform.vmm.starts.length, 2);
  });

  it("are suspended after their connections end or the drain timeout passes", async () => {
    const { port, body } = await service();
    platform.guests.set("raw", { serve: (socket) => void socket.on("data", (chunk) => socket.write(chunk)) });
    await platform.createRunning({ name: "raw", ...body });
    const connect = async (): Promise<net.Socket> => {
      const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
      socket.write("hello");
      await new Promise((resolve) => socket.once("data", resolve));
      socket.write("still busy"); // so that it does not count as idle
      return socket;
    };
    const held = await connect();
    const draining = await suspend("raw", { drain_timeout_ms: 60_000 });
    assert.equal(draining["state"], "draining");
    assert.equal((await suspend("raw"))["state"], "draining"); // a second one changes nothing
    held.destroy();
    await platform.waitForItem(draining.uuid, ({ state, snapshot }) => state === "stopped" && snapshot !== undefined);
    await start("raw");
    await platform.waitForItem(draining.uuid, (item) => item["net_time_us"] !== 0);
    const cut = await connect();
    const closed = new Promise((resolve) => cut.once("close", resolve));
    assert.equal((await suspend("raw"))["state"], "stopped");
    await closed;
  });

  it("lose their VM when stopped or deleted, and the next start boots anew", async () => {
    const { uuid } = await platform.createRunning({ name: "web" });
    await suspend("web");
    const stopped = await platform.requestItem("PUT", "/v1/instances/stop", [{ name: "web" }]);
    assert.equal(stopped["status"], "success");
    await platform.waitForItem(uuid, ({ state, snapshot }) => state === "stopped" && snapshot === undefined);
    await start("web");
    assert.equal(platform.vmm.starts.length, 2);
    await suspend("web");
    await platform.api("DELETE", "/v1/instances", [{ uuid }]);
    assert.equal(await platform.vmm.adopt(platform.vmm.starts[1] ?? assert.fail()), undefined);
    assert.equal(fs.existsSync(`${platform.paths.instancesDir}/${uuid}`), false);
  });

  it("reject operations that need a running VM", async () => {
    platform.guests.set("slow", { bootMs: 60_000 });
    await platform.requestItem("POST", "/v1/instances", { image: "app:1", name: "slow", autostart: true });
    assert.equal((await suspend("slow"))["error"], 11);
    await platform.requestItem("POST", "/v1/instances", { image: "app:1", name: "off" });
    const off = await suspend("off");
    assert.deepEqual([off["status"], off["state"], "snapshot" in off], ["success", "stopped", false]);
    assert.equal((await suspend("ghost"))["error"], 8);
  });

  it("keep their settings: a change waits until that VM has ended", async () => {
    await platform.createRunning({ name: "web", env: { A: "1" } });
    await suspend("web");
    const change = { name: "web", prop: "env", op: "set", value: { A: "2" } };
    await platform.api("PATCH", "/v1/instances", [change]);
    const [item] = (await platform.api("GET", "/v1/instances?name=web")).items;
    assert.deepEqual([item?.["env"], (item?.["updates"] as object[]).length], [{ A: "1" }, 1]);
    await platform.api("PUT", "/v1/instances/stop", [{ name: "web" }]);
    const after = await platform.waitForItem(String(item?.uuid), ({ updates }) => updates === undefined);
    assert.deepEqual(after["env"], { A: "2" });
  });

  it("keep their disks: an attached volume cannot grow", async () => {
    const volume = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    await platform.createRunning({ name: "writer", volumes: [{ uuid: volume.uuid, at: "/data" }] });
    await suspend("writer");
    const grow = { uuid: volume.uuid, prop: "size_mb", op: "set", value: 16 };
    assert.equal((await platform.requestItem("PATCH", "/v1/volumes", [grow]))["error"], 15);
  });

  it("count only the memory they hold against the live quotas", async () => {
    await platform.createRunning({ name: "web", memory_mb: 256, vcpus: 1 });
    const used = async () => {
      const quotas = await platform.requestItem("GET", "/v1/users/quotas");
      const { live_instances, live_vcpus, live_memory_mb } = quotas["used"] as Record<string, number>;
      return [live_instances, live_vcpus, live_memory_mb];
    };
    assert.deepEqual(await used(), [1, 1, 256]);
    await suspend("web");
    assert.deepEqual(await used(), [0, 0, 256]);
    await start("web");
    assert.deepEqual(await used(), [1, 1, 256]);
  });

  it("do not count paused time as uptime", async () => {
    const { uuid } = await platform.createRunning({ name: "web" });
    const before = Number((await suspend("web"))["uptime_ms"]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    const item = await platform.waitForItem(
      uuid,
      ({ state, snapshot }) => state === "stopped" && snapshot === undefined,
    );
    assert.ok(Number(item["uptime_ms"]) < before + 150, `${before} and then ${String(item["uptime_ms"])}`);
  });

  it("do not count paused time as uptime when they are ended where they are", async () => {
    const { uuid } = await platform.createRunning({ name: "web" });
    const before = Number((await suspend("web"))["uptime_ms"]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await platform.api("PUT", "/v1/instances/stop", [{ uuid, force: true }]);
    const item = await platform.waitForItem(uuid, ({ snapshot }) => snapshot === undefined);
    assert.ok(Number(item["uptime_ms"]) < before + 250, `${before} and then ${String(item["uptime_ms"])}`);
  });

  describe("after the daemon is killed", () => {
    const replaced = async (): Promise<void> => {
      platform.daemon.simulateKill();
      await platform.start();
    };

    it("are still paused and resume", async () => {
      const { port, body } = await service();
      const { uuid } = await platform.createRunning({ name: "web", ...body });
      const { snapshot } = await suspend("web");
      await replaced();
      assert.deepEqual((await platform.instance(uuid))["snapshot"], snapshot);
      assert.equal((await start("web"))["state"], "running");
      assert.equal(await fetchText(port), "web");
      assert.equal(platform.vmm.starts.length, 1);
    });

    it("report a lost snapshot if the machine was switched off, and boot anew", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      await suspend("web");
      platform.daemon.simulateKill();
      platform.vmm.end(uuid, { kind: "killed", detail: "the machine was switched off" });
      await platform.start();
      const item = await platform.instance(uuid);
      assert.deepEqual([item["state"], "snapshot" in item], ["stopped", false]);
      const notice =
        "Its memory is lost, and it boots anew, because its VM ended while it slept: the machine was switched off";
      assert.equal(item["memory_notice"], notice);
      assert.equal((await start("web"))["state"], "running");
      assert.equal(platform.vmm.starts.length, 2);
      assert.equal((await platform.instance(uuid))["memory_notice"], notice);
      await suspend("web");
      assert.equal((await platform.instance(uuid))["memory_notice"], undefined);
    });

    for (const isGone of [false, true]) {
      it(`become templates if their conversion was interrupted, with their VM ${isGone ? "gone with the machine" : "ended"}`, async () => {
        const { uuid } = await platform.createRunning({ name: "web" });
        await suspend("web");
        platform.daemon.simulateKill();
        // Killed after the intention was saved, and before the paused VM was resumed to end.
        const database = new DatabaseSync(platform.paths.databaseFile);
        const sql = "UPDATE instances SET status = json_set(status, '$.becomesTemplate', json('true')) WHERE uuid = ?";
        database.prepare(sql).run(uuid);
        database.close();
        if (isGone) platform.vmm.end(uuid, { kind: "killed", detail: "the machine was switched off" });
        await platform.start();
        await platform.waitForItem(uuid, ({ state }) => state === "template");
        assert.equal((await platform.requestItem("GET", "/v1/instances/templates"))["name"], "web");
      });
    }

    it("are suspended if they were draining", async () => {
      const { port, body } = await service();
      platform.guests.set("raw", { serve: (socket) => void socket.on("data", (chunk) => socket.write(chunk)) });
      const { uuid } = await platform.createRunning({ name: "raw", ...body });
      const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
      socket.write("hello");
      await new Promise((resolve) => socket.once("data", resolve));
      socket.write("more");
      assert.equal((await suspend("raw", { drain_timeout_ms: 60_000 }))["state"], "draining");
      await replaced();
      const item = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      assert.ok("snapshot" in item);
      socket.destroy();
    });
  });
});
