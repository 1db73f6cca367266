/** Instances: rejected creates, lifecycle, stop, restart and waits. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import { UnikernelError } from "../../../provider/base/errors";
import { openLayout } from "../../../provider/image/oci/layout";
import { freePort } from "../../support/freePorts";
import { TestPlatform, webGuest } from "../../support/testPlatform";

describe("instances", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) =>
    platform.requestItem("POST", "/v1/instances", { image: "app:1", ...body });
  const nothingLeft = async () => assert.deepEqual((await platform.api("GET", "/v1/instances")).items, []);

  it("are created stopped, with their image pinned to its digest", async () => {
    const digest = await platform.addImage("team/web", "2", "another kernel");
    const item = await create({ name: "web", image: "team/web:2", env: { A: "b" }, tags: ["x"], memory_mb: 64 });
    assert.equal(item["state"], "stopped");
    assert.equal(item["image"], `oci://local/team/web@${digest}`);
    assert.deepEqual(item["args"], ["/server"]);
    assert.deepEqual(item["env"], { A: "b" });
    assert.equal(item["private_fqdn"], "web.internal");
    assert.equal(item["start_count"], 0);
    assert.equal("started_at" in item, false);
    const again = await create({ name: "same", image: String(item["image"]) });
    assert.equal(again["image"], item["image"]);
  });

  it("add the request's arguments and environment to those of the image", async () => {
    await platform.createRunning({ name: "web", args: ["/bin/x", "-v"], env: { A: "b" } });
    const spec = platform.vmm.starts[0];
    assert.deepEqual(spec?.args, ["/bin/x", "-v"]);
    assert.deepEqual(spec?.env, { FROM: "image", A: "b" });
    assert.match(await fs.readFile(spec?.kernel ?? "", "utf8"), /kernel of app$/);
  });

  const refused: [what: string, body: Record<string, unknown>, code: number, message: RegExp][] = [
    ["an unknown image", { image: "ghost:1" }, 8, /'ghost:1'.*available: app$/],
    ["an invalid image reference", { image: "A b" }, 7, /not an image reference/],
    ["an unknown service group", { service_group: { name: "ghost" } }, 8, /No service group with name 'ghost'/],
    ["an unknown volume", { volumes: [{ name: "ghost", at: "/x" }] }, 8, /No volume with name 'ghost'/],
    ["too much memory", { memory_mb: 99999 }, 7, /'memory_mb' must be between 16 and 8192/],
    ["too many CPUs", { vcpus: 99 }, 7, /'vcpus' must be between/],
    ["a name that is not a host name", { name: "a_b" }, 7, /host name/],
    ["a name that is too long", { name: "a".repeat(64) }, 22, /63/],
    ["a wait without a start", { timeout_s: 1 }, 7, /'timeout_s' needs 'autostart'/],
    ["scale to zero without a service", { scale_to_zero: { policy: "on" } }, 7, /needs a 'service_group'/],
  ];
  for (const [what, body, code, message] of refused) {
    it(`reject a create and leave nothing behind: ${what}`, async () => {
      const answer = await platform.api("POST", "/v1/instances", { image: "app:1", ...body });
      assert.equal(answer.httpStatus, 200);
      assert.equal(answer.items[0]?.["error"], code);
      assert.match(answer.items[0]?.message ?? "", message);
      await nothingLeft();
    });
  }

  it("reject a name that is taken, also by a concurrent request", async () => {
    const both = await Promise.all([create({ name: "web" }), create({ name: "web" })]);
    assert.deepEqual(both.map((item) => item["error"]).sort(), [23, undefined]);
  });

  it("reject a create beyond the quota", async () => {
    const all = await Promise.all(Array.from({ length: 65 }, () => create({})));
    assert.deepEqual(
      all.map((item) => item["error"]).filter((code) => code !== undefined),
      [19],
    );
  });

  it("are not created if the VMM rejects them, and report its message", async () => {
    const failing = (error: UnikernelError) => () => {
      throw error;
    };
    platform.guests.set(
      "small",
      failing(new UnikernelError("INPUT_INVALID", "The guest needs 80 MiB.", { property: "memoryMb" })),
    );
    platform.guests.set("lost", failing(new UnikernelError("QEMU_MISSING", "No QEMU.", { hint: "Install it." })));
    const small = await create({ name: "small", autostart: true });
    assert.deepEqual([small["error"], small.message], [20, "The guest needs 80 MiB."]);
    const lost = await create({ name: "lost", autostart: true });
    assert.deepEqual([lost["error"], lost.message], [10, "QEMU_MISSING: No QEMU. Install it."]);
    await nothingLeft();
  });

  it("survive the removal of their image from the layout", async () => {
    const { uuid } = await create({ name: "web" });
    await openLayout(platform.paths.imagesDir).remove("app");
    assert.equal((await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]))["status"], "success");
    assert.equal((await fs.readdir(platform.paths.bootDir)).length, 1);
    await platform.api("DELETE", "/v1/instances", [{ uuid }]);
    assert.deepEqual(await fs.readdir(platform.paths.bootDir), []);
  });

  it("are awaited by a create with a timeout and keep starting when it expires", async () => {
    platform.guests.set("slow", { ...webGuest("slow"), bootMs: 60_000 });
    const answer = await platform.api("POST", "/v1/instances", {
      name: "slow",
      image: "app:1",
      autostart: true,
      timeout_s: 1,
    });
    assert.equal(answer.httpStatus, 200);
    assert.deepEqual([answer.status, answer.message], ["error", "Operation timed out"]);
    const [item] = answer.items;
    assert.deepEqual([item?.["status"], item?.["state"], item?.["error"]], ["error", "starting", undefined]);
    assert.equal((await platform.createRunning({ name: "quick" }))["state"], "running");
  });

  it("report the stop reason to a waiting create if they end at once", async () => {
    platform.guests.set("brief", {
      exits: { afterMs: 0, exit: { kind: "exited", exitCode: 3 } },
      console: "cannot find config\n",
    });
    const created = await create({ name: "brief", autostart: true, timeout_s: 10 });
    const item = await platform.waitForItem(created.uuid, ({ state }) => state === "stopped");
    assert.deepEqual([item["stop_reason"], item["exit_code"], item["stop_code"]], [3, 3, 0x8100]);
    const log = await platform.requestItem("GET", `/v1/instances/log?uuid=${item.uuid}`);
    assert.equal(Buffer.from(String(log["output"]), "base64").toString(), "cannot find config\n");
    assert.equal(log["state"], "stopped");
  });

  it("report a panic in their stop reason", async () => {
    const panic = {
      kind: "panicked",
      detail: "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
    } as const;
    platform.guests.set("bad", { exits: { afterMs: 0, exit: panic } });
    const { uuid } = await create({ name: "bad", autostart: true });
    const item = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.deepEqual([item["stop_reason"], Number(item["stop_code"]) & 0xff, "exit_code" in item], [1, 5, false]);
    assert.equal("stop_notice" in item, false);
  });

  it("report what a crash needs in words, until the next start", async () => {
    const exit = { kind: "panicked", detail: "CRIT: x", notice: "the kernel needs more memory" } as const;
    platform.guests.set("poor", { exits: { afterMs: 0, exit } });
    const { uuid } = await create({ name: "poor", autostart: true });
    const item = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.equal(item["stop_notice"], exit.notice);
    platform.guests.set("poor", {});
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
    const running = await platform.waitForItem(uuid, ({ state }) => state === "running");
    assert.equal("stop_notice" in running, false);
  });

  it("stop gracefully or by force and report which", async () => {
    const [a, b] = [await platform.createRunning({ name: "a" }), await platform.createRunning({ name: "b" })];
    const stopped = await platform.requestItem("PUT", "/v1/instances/stop", [{ name: "a" }]);
    assert.equal(stopped["previous_state"], "running");
    assert.match(String(stopped["state"]), /^stopp(ing|ed)$/);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid: b.uuid, force: true }]);
    const gently = await platform.waitForItem(a.uuid, ({ state }) => state === "stopped");
    const roughly = await platform.waitForItem(b.uuid, ({ state }) => state === "stopped");
    assert.deepEqual([gently["stop_reason"], roughly["stop_reason"]], [15, 28]);
    assert.ok(Number(gently["uptime_ms"]) >= 0 && typeof gently["stopped_at"] === "string");
    const again = await platform.requestItem("PUT", "/v1/instances/stop", [{ name: "a" }]);
    assert.deepEqual([again["status"], again["state"]], ["success", "stopped"]);
  });

  it("start again after a stop, and a second start is no error", async () => {
    const { uuid } = await platform.createRunning({ name: "a" });
    const second = await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
    assert.deepEqual([second["status"], second["previous_state"]], ["success", "running"]);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    assert.equal(
      (await platform.api("GET", `/v1/instances/wait?uuid=${uuid}&state=stopped&timeout_s=10`)).status,
      "success",
    );
    await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
    const item = await platform.waitForItem(uuid, ({ state }) => state === "running");
    assert.equal(item["start_count"], 2);
    assert.equal("stop_reason" in item, false);
  });

  it("reject a start while they stop", async () => {
    platform.guests.set("stubborn", { serve: () => undefined, onStop: undefined });
    const { uuid } = await platform.createRunning({ name: "stubborn" });
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    assert.equal((await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]))["error"], 11);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
  });

  it("are deleted while they run and are not found afterwards", async () => {
    const { uuid } = await platform.createRunning({ name: "a" });
    const item = await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]);
    assert.deepEqual(item, { status: "success", uuid, name: "a", previous_state: "running" });
    assert.equal((await platform.instance(uuid))["error"], 8);
    assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["error"], 8);
    await assert.rejects(fs.stat(`${platform.paths.instancesDir}/${uuid}`), { code: "ENOENT" });
  });

  it("that could not be deleted can only be read and deleted again", async () => {
    let fails = true;
    platform.guests.set("tough", {
      get onStop() {
        if (fails) throw new Error("does not listen");
        return { kind: "exited", exitCode: 0 } as const;
      },
    });
    const { uuid } = await platform.createRunning({ name: "tough" });
    assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["status"], "error");
    assert.equal((await platform.instance(uuid))["status"], "success");
    assert.equal((await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid }]))["error"], 11);
    fails = false;
    assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["status"], "success");
    assert.equal((await platform.instance(uuid))["error"], 8);
  });

  it("shut down before deletion if they write to a volume, and are killed otherwise", async () => {
    const asked: string[] = [];
    const volume = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    for (const name of ["writer", "reader"]) {
      platform.guests.set(name, {
        get onStop() {
          asked.push(name);
          return { kind: "exited", exitCode: 0 } as const;
        },
      });
    }
    await platform.createRunning({ name: "writer", volumes: [{ uuid: volume.uuid, at: "/data" }] });
    await platform.createRunning({ name: "reader" });
    asked.length = 0;
    await platform.api("DELETE", "/v1/instances", [{ name: "writer" }]);
    assert.deepEqual(asked, ["writer"]);
  });

  it("are filtered by tags, all of which must match", async () => {
    await create({ name: "a", tags: ["x", "y"] });
    await create({ name: "b", tags: ["x"] });
    const names = async (query: string) =>
      (await platform.api("GET", `/v1/instances?${query}`)).items.map((item) => item.name);
    assert.deepEqual(await names("tags=x"), ["a", "b"]);
    assert.deepEqual(await names("tags=x,y"), ["a"]);
  });

  it("return parts of their log", async () => {
    platform.guests.set("chatty", { console: "0123456789" });
    const { uuid } = await platform.createRunning({ name: "chatty" });
    const read = async (query: string) => {
      const item = await platform.requestItem("GET", `/v1/instances/log?uuid=${uuid}${query}`);
      return [Buffer.from(String(item["output"]), "base64").toString(), item["range"], item["available"]];
    };
    const available = { start: 0, end: 10 };
    assert.deepEqual(await read(""), ["0123456789", available, available]);
    assert.deepEqual(await read("&offset=-3&limit=2"), ["78", { start: 7, end: 9 }, available]);
    assert.deepEqual(await read("&offset=9&limit=16383"), ["9", { start: 9, end: 10 }, available]);
    assert.deepEqual(await read("&offset=10"), ["", { start: 10, end: 10 }, available]);
  });

  describe("with a restart policy", () => {
    it("restart after a crash only, with 'on-failure'", async () => {
      const crash = await platform.createRunning({ name: "crash", restart_policy: "on-failure" });
      platform.vmm.end(crash.uuid, { kind: "exited", exitCode: 1 });
      const back = await platform.waitForItem(
        crash.uuid,
        (item) => item["restart_count"] === 1 && item["state"] === "running",
      );
      assert.equal((back["restart"] as Record<string, unknown>)["attempt"], 1);
      await platform.waitForItem(crash.uuid, (item) => !("restart" in item));
      platform.vmm.end(crash.uuid, { kind: "exited", exitCode: 0 });
      await platform.waitForItem(crash.uuid, ({ state }) => state === "stopped");
      assert.equal((await platform.instance(crash.uuid))["restart_count"], 1);
    });

    it("restart after every end except a stop through the API, with 'always'", async () => {
      const { uuid } = await platform.createRunning({ name: "a", restart_policy: "always" });
      platform.vmm.end(uuid, { kind: "exited", exitCode: 0 });
      await platform.waitForItem(uuid, (item) => item["restart_count"] === 1 && item["state"] === "running");
      await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
      const item = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      assert.equal("restart" in item, false);
    });

    it("back off between restarts, report the next one, and stop on request", async () => {
      platform.guests.set("loop", { exits: { afterMs: 0, exit: { kind: "exited", exitCode: 1 } } });
      const { uuid } = await create({ name: "loop", restart_policy: "always", autostart: true });
      const waits = await platform.waitForItem(
        uuid,
        ({ state, restart }) => state === "stopped" && (restart as { attempt: number } | undefined)?.attempt === 4,
      );
      assert.match(String((waits["restart"] as Record<string, unknown>)["next_at"]), /^\d{4}-.*Z$/);
      await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
      const over = await platform.waitForItem(
        uuid,
        ({ state, restart }) => state === "stopped" && restart === undefined,
      );
      assert.equal((await platform.instance(uuid))["start_count"], over["start_count"]);
    });

    it("stay down with 'never'", async () => {
      const { uuid } = await platform.createRunning({ name: "a" });
      platform.vmm.end(uuid, { kind: "killed", detail: "by the machine" });
      const item = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      assert.deepEqual([item["restart_count"], item["stop_reason"]], [0, 0]);
    });
  });

  describe("with a waiting client", () => {
    it("are reported when each has reached its own state", async () => {
      const [a, b] = [await platform.createRunning({ name: "a" }), await platform.createRunning({ name: "b" })];
      await platform.api("PUT", "/v1/instances/stop", [{ uuid: b.uuid }]);
      const target = `/v1/instances/wait?uuid=${a.uuid}&uuid=${b.uuid}&state=running&state=stopped&timeout_s=10&timeout_s=10`;
      const { status, items } = await platform.api("GET", target);
      assert.equal(status, "success");
      assert.deepEqual(
        items.map((item) => [item.name, item["state"]]),
        [
          ["a", "running"],
          ["b", "stopped"],
        ],
      );
    });

    it("are reported with their current state and no code when the wait times out", async () => {
      const { uuid } = await create({ name: "a" });
      const answer = await platform.api("GET", "/v1/instances/wait", [
        { uuid, timeout_s: 0 },
        { name: "ghost", timeout_s: 0 },
      ]);
      assert.deepEqual([answer.httpStatus, answer.message], [200, "Operation timed out"]);
      assert.deepEqual(answer.items[0], { status: "error", uuid, name: "a", state: "stopped" });
      assert.equal(answer.items[1]?.["error"], 8);
    });

    it("are reported as not found if deleted meanwhile", async () => {
      const { uuid } = await create({ name: "a" });
      const waiting = platform.api("GET", `/v1/instances/wait?uuid=${uuid}`);
      await platform.api("DELETE", "/v1/instances", [{ uuid }]);
      assert.equal((await waiting).items[0]?.["error"], 8);
    });

    it("are not kept waiting by a client that disconnects, so an idle daemon can exit", async () => {
      const { uuid } = await create({ name: "a" });
      await platform.daemon.close();
      await platform.start({ stay: false, timings: { idleExitMs: 10 } });
      const { url, token } = platform.daemon;
      const request = http.get(`${url}/v1/instances/wait?uuid=${uuid}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      request.on("error", () => undefined);
      await new Promise((resolve) => request.once("socket", (socket) => socket.once("connect", resolve)));
      request.destroy();
      await platform.api("DELETE", "/v1/instances", [{ uuid }]);
      await platform.daemon.ended;
    });
  });

  describe("with scale to zero", () => {
    it("end stopped, not in standby, if they are stopped on their way to standby", async () => {
      const service = await platform.requestItem("POST", "/v1/services", { services: [{ port: await freePort() }] });
      platform.guests.set("sleepy", { serve: () => undefined, onStop: undefined });
      const { uuid } = await platform.createRunning({
        name: "sleepy",
        service_group: { uuid: service.uuid },
        scale_to_zero: { policy: "on", cooldown_time_ms: 0 },
      });
      await platform.waitForItem(uuid, ({ state }) => state === "stopping");
      assert.equal((await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid }]))["status"], "success");
      await platform.waitForItem(uuid, ({ state }) => state !== "stopping");
      assert.equal((await platform.instance(uuid))["state"], "stopped");
    });

    for (const stateful of [true, false]) {
      it(`go to standby when idle and wake for a connection (${stateful ? "memory kept" : "booted anew"})`, async () => {
        const port = await freePort();
        const service = await platform.requestItem("POST", "/v1/services", { services: [{ port }] });
        const { uuid } = await platform.createRunning({
          name: "sleepy",
          service_group: { uuid: service.uuid },
          scale_to_zero: { policy: "on", stateful, cooldown_time_ms: 20 },
        });
        await platform.waitForItem(uuid, ({ state }) => state === "standby");
        const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
        assert.equal(await reply.text(), "sleepy");
        assert.equal(platform.vmm.starts.length, stateful ? 1 : 2);
        await platform.waitForItem(uuid, ({ state }) => state === "standby");
        await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
        await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      });
    }
  });
});
