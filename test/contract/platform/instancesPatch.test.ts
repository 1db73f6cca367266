/** Changes of instances: at once while stopped, at the next stop while running. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { mock } from "node:test";
import { openLayout } from "../../../provider/image/oci/layout";
import { resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

describe("changes of an instance", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  type Triple = { prop: string; op: string; value?: unknown; id?: string };
  const create = (body: object = {}) =>
    platform.requestItem("POST", "/v1/instances", { name: "web", image: "app:1", ...body });
  const patch = (uuid: string, ...triples: Triple[]) =>
    platform.api(
      "PATCH",
      "/v1/instances",
      triples.map((triple) => ({ uuid, ...triple })),
    );
  const set = (uuid: string, prop: string, value: unknown) => patch(uuid, { prop, op: "set", value });
  const stop = async (uuid: string) => {
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    return platform.waitForItem(uuid, ({ state }) => state === "stopped");
  };
  const updates = (item: Item) => (item["updates"] ?? []) as Record<string, unknown>[];

  describe("while it is stopped", () => {
    it("are applied at once in the order of the request, and each item returns its id", async () => {
      const { uuid } = await create({ env: { A: "1" } });
      const answer = await patch(
        uuid,
        { id: "first", prop: "env", op: "set", value: { B: "2" } },
        { prop: "env", op: "add", value: { C: "3" } },
        { id: "third", prop: "env", op: "del", value: ["B"] },
        { prop: "memory_mb", op: "set", value: 256 },
      );
      assert.equal(answer.status, "success");
      assert.deepEqual(answer.items, [
        { status: "success", uuid, name: "web", id: "first" },
        { status: "success", uuid, name: "web" },
        { status: "success", uuid, name: "web", id: "third" },
        { status: "success", uuid, name: "web" },
      ]);
      const item = await platform.instance(uuid);
      assert.deepEqual([item["env"], item["memory_mb"], updates(item)], [{ C: "3" }, 256, []]);
    });

    it("are independent: a rejected one does not affect the others", async () => {
      const { uuid } = await create();
      const answer = await platform.api("PATCH", "/v1/instances", [
        { uuid, prop: "vcpus", op: "set", value: 2 },
        { uuid, id: "bad", prop: "vcpus", op: "add", value: 1 },
        { name: "ghost", id: "who", prop: "vcpus", op: "set", value: 2 },
        { name: "web", prop: "tags", op: "set", value: ["x"] },
      ]);
      assert.equal(answer.status, "partial_success");
      assert.deepEqual(
        answer.items.map((item) => [item["status"], item["error"], item["id"]]),
        [
          ["success", undefined, undefined],
          ["error", 7, "bad"],
          ["error", 8, "who"],
          ["success", undefined, undefined],
        ],
      );
      const item = await platform.instance(uuid);
      assert.deepEqual([item["vcpus"], item["tags"]], [2, ["x"]]);
    });

    it("are rejected together if one property does not exist", async () => {
      const { uuid } = await create();
      for (const prop of ["name", "restart_policy", "vsock"]) {
        assert.equal((await set(uuid, prop, "x")).httpStatus, 400, prop);
      }
    });

    it("survive a daemon restart", async () => {
      const { uuid } = await create();
      await set(uuid, "hostname", "front");
      platform.daemon.simulateKill();
      await platform.start();
      assert.equal((await platform.instance(uuid))["hostname"], "front");
    });

    it("resolve an image tag and unpack the image at once", async () => {
      const { uuid } = await create();
      const digest = await platform.addImage("app", "2", "newer kernel");
      assert.equal((await set(uuid, "image", "app:2")).status, "success");
      assert.equal((await platform.instance(uuid))["image"], `oci://local/app@${digest}`);
      await openLayout(platform.paths.imagesDir).remove("app");
      await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
      assert.match(await fs.readFile(platform.vmm.starts[0]?.kernel ?? "", "utf8"), /newer kernel$/);
      assert.equal((await set(uuid, "image", "app:3")).items[0]?.["error"], 8);
    });

    it("reach the guest with the next start", async () => {
      const { uuid } = await create({ args: ["/old"] });
      await patch(
        uuid,
        { prop: "args", op: "set", value: ["/new"] },
        { prop: "annotations", op: "set", value: { a: "b" } },
        { prop: "roms", op: "add", value: [{ name: "r", files: [{ path: "f", data: "x" }] }] },
      );
      await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
      const [spec] = platform.vmm.starts;
      assert.deepEqual([spec?.args, spec?.annotations, spec?.roms.length], [["/new"], { a: "b" }, 1]);
    });

    it("remove a dependency that no longer exists", async () => {
      const [gone, other] = [await create({ name: "gone" }), await create({ name: "other" })];
      await set(other.uuid, "dependencies", [{ uuid: gone.uuid }]);
      await platform.api("DELETE", "/v1/instances", [{ uuid: gone.uuid }]);
      const change = { prop: "dependencies", op: "del", value: [{ uuid: gone.uuid }] };
      assert.equal((await patch(other.uuid, change)).status, "success");
      assert.equal("dependencies" in (await platform.instance(other.uuid)), false);
    });

    it("accept dependencies by name and reject a cycle", async () => {
      const [a, b, c] = [await create({ name: "a" }), await create({ name: "b" }), await create({ name: "c" })];
      assert.equal((await set(a.uuid, "dependencies", [{ name: "b" }])).status, "success");
      assert.equal((await set(b.uuid, "dependencies", [{ uuid: c.uuid }])).status, "success");
      for (const value of [[{ name: "a" }], [{ name: "c" }], [{ name: "b" }]]) {
        const answer = await set(c.uuid, "dependencies", value);
        assert.equal(answer.items[0]?.["error"], 7, JSON.stringify(value));
      }
      assert.equal((await set(c.uuid, "dependencies", [{ name: "ghost" }])).items[0]?.["error"], 8);
      await patch(b.uuid, { prop: "dependencies", op: "del", value: [{ name: "c" }] });
      assert.equal((await set(c.uuid, "dependencies", [{ name: "a" }])).status, "success");
    });
  });

  describe("while it runs", () => {
    it("are applied at once if the guest does not see them", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      await patch(
        uuid,
        { prop: "tags", op: "set", value: ["x"] },
        { prop: "delete_lock", op: "set", value: true },
        { prop: "schedules", op: "set", value: [{ name: "s", when: "2199-01-01", action: "stop" }] },
        { prop: "autokill", op: "set", value: { time_ms: 3_600_000 } },
      );
      const item = await platform.instance(uuid);
      assert.deepEqual([item["tags"], item["delete_lock"], updates(item)], [["x"], true, []]);
      assert.deepEqual(item["autokill"], { time_ms: 3_600_000, num_requests: 0 });
      assert.equal((item["schedules"] as Item[])[0]?.name, "s");
    });

    it("wait for its stop, are shown as pending, and are cleared once applied", async () => {
      const { uuid } = await platform.createRunning({ name: "web", args: ["/x"] });
      await patch(
        uuid,
        { prop: "args", op: "add", value: ["-v"] },
        { prop: "args", op: "add", value: ["-w"] },
        { prop: "memory_mb", op: "set", value: 256 },
      );
      const before = await platform.instance(uuid);
      assert.deepEqual([before["args"], before["memory_mb"]], [["/x"], 128]);
      assert.deepEqual(updates(before), [
        { prop: "args", op: "add", value: ["-v"], status: "pending" },
        { prop: "args", op: "add", value: ["-w"], status: "pending" },
        { prop: "memory_mb", op: "set", value: 256, status: "pending" },
      ]);
      const after = await stop(uuid);
      assert.deepEqual([after["args"], after["memory_mb"], updates(after)], [["/x", "-v", "-w"], 256, []]);
    });

    it("replace pending ones that they overwrite", async () => {
      const { uuid } = await platform.createRunning({ name: "web", args: ["/x"] });
      for (let round = 1; round <= 5; round++) {
        await patch(
          uuid,
          { prop: "memory_mb", op: "set", value: 128 + round },
          { prop: "args", op: "add", value: ["-v"] },
          { prop: "env", op: "add", value: { A: String(round) } },
        );
      }
      await patch(uuid, { prop: "args", op: "set", value: ["/y"] }, { prop: "env", op: "del", value: null });
      assert.deepEqual(updates(await platform.instance(uuid)), [
        { prop: "memory_mb", op: "set", value: 133, status: "pending" },
        { prop: "args", op: "set", value: ["/y"], status: "pending" },
        { prop: "env", op: "del", status: "pending" },
      ]);
      const after = await stop(uuid);
      assert.deepEqual([after["args"], after["memory_mb"], after["env"]], [["/y"], 133, {}]);
    });

    it("set the arguments of a pending image, even if another image follows", async () => {
      await platform.addImage("app", "2", "kernel 2");
      const { uuid } = await platform.createRunning({ name: "web" });
      const more = { prop: "args", op: "add", value: ["-v"] };
      const image = (value: string) => ({ prop: "image", op: "set", value });
      await patch(uuid, image("app:2"), image("app:1"));
      assert.equal(updates(await platform.instance(uuid)).length, 1);
      await patch(uuid, more, image("app:2"));
      assert.equal(updates(await platform.instance(uuid)).length, 3);
      assert.deepEqual((await stop(uuid))["args"], ["/server", "-v"]);
    });

    it("are rejected if too many are pending", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      const more = { prop: "args", op: "add", value: ["-v"] };
      for (let block = 0; block < 4; block++) await patch(uuid, ...Array<typeof more>(64).fill(more));
      assert.equal((await patch(uuid, more)).items[0]?.["error"], 5);
      assert.equal(((await stop(uuid))["args"] as string[]).length, 257);
      assert.equal((await patch(uuid, more)).status, "success");
    });

    it("are saved as durably as the instance itself", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      const modes: string[] = [];
      const exec = mock.method(DatabaseSync.prototype, "exec", function (this: DatabaseSync, sql: string) {
        modes.push(sql);
        return this.prepare(sql).run();
      });
      await set(uuid, "hostname", "front");
      exec.mock.restore();
      assert.equal(updates(await platform.instance(uuid)).length, 1);
      assert.deepEqual(modes, []); // a full write, which survives a loss of power
    });

    it("stay pending across a daemon restart", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      await set(uuid, "hostname", "front");
      platform.daemon.simulateKill();
      await platform.start();
      assert.equal(updates(await platform.instance(uuid)).length, 1);
      assert.equal((await stop(uuid))["hostname"], "front");
    });

    it("keep the digest that an image tag had at the request, and keep that image bootable", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      const old = (await platform.instance(uuid))["image"];
      const digest = await platform.addImage("app", "1", "newer kernel");
      await set(uuid, "image", { url: "app:1", credentials: "SECRET" });
      await openLayout(platform.paths.imagesDir).remove("app");
      const waiting = await platform.instance(uuid);
      assert.equal(waiting["image"], old);
      assert.equal(updates(waiting)[0]?.["value"], `oci://local/app@${digest}`);
      assert.equal(JSON.stringify(waiting).includes("SECRET"), false);
      // Removing another object does not remove the kernel.
      await platform.api("DELETE", "/v1/instances", [{ uuid: (await create({ name: "x", image: String(old) })).uuid }]);
      await stop(uuid);
      await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
      assert.match(await fs.readFile(platform.vmm.starts.at(-1)?.kernel ?? "", "utf8"), /newer kernel$/);
    });

    it("are rejected at the request if invalid, given the pending ones", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      const rom = { name: "r", files: [{ path: "f", data: "" }] };
      assert.equal((await patch(uuid, { prop: "roms", op: "add", value: [rom] })).status, "success");
      assert.equal((await patch(uuid, { prop: "roms", op: "add", value: [rom] })).items[0]?.["error"], 7);
      assert.equal((await set(uuid, "memory_mb", 1)).items[0]?.["error"], 7);
      assert.equal(updates(await platform.instance(uuid)).length, 1);
    });

    it("report why they failed at the stop, until the next change", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      await patch(uuid, { prop: "memory_mb", op: "set", value: 4096 }, { prop: "hostname", op: "set", value: "front" });
      await platform.daemon.close();
      const limits = { min_memory_mb: 16, max_memory_mb: 2048, min_vcpus: 1, max_vcpus: 1 };
      await platform.start({ quotas: resolveQuotas(limits) });
      const stopped = await stop(uuid);
      assert.deepEqual([stopped["hostname"], stopped["memory_mb"]], ["front", 128]);
      const [failed, ...others] = updates(stopped);
      assert.deepEqual([failed?.["prop"], failed?.["status"], others], ["memory_mb", "failed", []]);
      assert.match(String(failed?.["error"]), /'memory_mb' must be between 16 and 2048/);
      await platform.requestItem("PUT", "/v1/instances/start", [{ uuid, timeout_s: 10 }]);
      assert.equal(updates(await platform.instance(uuid)).length, 1);
      assert.deepEqual(updates(await stop(uuid)), []);
    });

    it("are applied when it crashes, so that its restart has them", async () => {
      const { uuid } = await platform.createRunning({ name: "web", restart_policy: "always" });
      await set(uuid, "args", ["/fixed"]);
      platform.vmm.end(uuid, { kind: "panicked", detail: "oops" });
      await platform.waitForItem(uuid, ({ restart_count }) => restart_count === 1);
      assert.deepEqual(platform.vmm.starts.at(-1)?.args, ["/fixed"]);
    });

    it("stay pending in standby and are applied before it boots anew", async () => {
      const port = await freePort();
      const { uuid } = await platform.createRunning({
        name: "web",
        service_group: { services: [{ port }] },
        scale_to_zero: { policy: "on", cooldown_time_ms: 20 },
      });
      await platform.waitForItem(uuid, ({ state }) => state === "standby");
      await set(uuid, "args", ["/new"]);
      const asleep = await platform.instance(uuid);
      assert.deepEqual([asleep["args"], updates(asleep).length], [["/server"], 1]);
      const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      assert.equal(reply.status, 200);
      assert.deepEqual(platform.vmm.starts.at(-1)?.args, ["/new"]);
      assert.deepEqual(updates(await platform.instance(uuid)), []);
    });

    it("wait for the VM of a suspended instance, which keeps its old settings", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      await platform.api("PUT", "/v1/instances/suspend", [{ uuid }]);
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      await set(uuid, "args", ["/new"]);
      assert.deepEqual((await platform.instance(uuid))["args"], ["/server"]);
      await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
      await platform.waitForItem(uuid, ({ state }) => state === "running");
      assert.deepEqual((await stop(uuid))["args"], ["/new"]);
    });

    it("are rejected by older nodes unless they need no stop", async () => {
      await platform.daemon.close();
      await platform.start({ strict2026: true });
      const { uuid } = await platform.createRunning({ name: "web" });
      assert.equal((await set(uuid, "memory_mb", 256)).items[0]?.["error"], 11);
      assert.equal((await set(uuid, "tags", ["x"])).status, "success");
      await stop(uuid);
      assert.equal((await set(uuid, "memory_mb", 256)).status, "success");
      assert.equal((await platform.instance(uuid))["memory_mb"], 256);
    });

    it("are all applied when many requests arrive at once", async () => {
      const { uuid } = await platform.createRunning({ name: "web" });
      const names = Array.from({ length: 20 }, (_, n) => `K${n}`);
      await Promise.all(names.map((name) => patch(uuid, { prop: "env", op: "add", value: { [name]: "x" } })));
      assert.deepEqual(Object.keys((await stop(uuid))["env"] as object).sort(), [...names].sort());
    });
  });
});
