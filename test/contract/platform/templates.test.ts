/** Instance templates, clones and branches: what an instance keeps, and what is created from it. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { openLayout } from "../../../provider/image/oci/layout";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

describe("instance templates", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/instances", body);
  const stopped = (name: string, more: Record<string, unknown> = {}) => create({ image: "app:1", name, ...more });
  const convert = (name: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("POST", "/v1/instances/templates", [{ name, timeout_s: 10, ...more }]);
  const template = (name: string) => platform.requestItem("GET", `/v1/instances/templates?name=${name}`);
  const names = async (path: string): Promise<string[]> =>
    (await platform.api("GET", path)).items.map((item) => item.name);

  it("are instances with the same uuid, listed as templates and no longer as instances", async () => {
    const { uuid } = await stopped("golden", { tags: ["x"] });
    await stopped("plain", { tags: ["x"] });
    assert.deepEqual(await convert("golden"), { status: "success", uuid, name: "golden", state: "template" });
    assert.deepEqual(await names("/v1/instances/templates"), ["golden"]);
    assert.deepEqual(await names("/v1/instances/templates?tags=x"), ["golden"]);
    assert.deepEqual(await names("/v1/instances/templates?tags=y"), []);
    assert.deepEqual(await names("/v1/instances"), ["plain"]);
    assert.deepEqual(await names("/v1/instances?tags=x"), ["plain"]);
    const byUuid = await platform.requestItem("GET", `/v1/instances/templates/${uuid}`);
    assert.deepEqual([byUuid["state"], byUuid["template_autokill"]], ["template", { time_ms: 0 }]);
    assert.equal((await platform.instance(uuid))["state"], "template");
    assert.equal((await platform.requestItem("GET", "/v1/instances/templates?name=plain"))["error"], 8);
    assert.equal((await convert("golden"))["status"], "success"); // a second conversion changes nothing
  });

  it("are created from a running instance once its VM ends, with no start in between", async () => {
    platform.guests.set("busy", { onStop: undefined });
    await platform.createRunning({ name: "busy", restart_policy: "always" });
    const begun = await convert("busy", { timeout_s: 0 });
    assert.deepEqual([begun["status"], begun["state"]], ["success", "stopping"]);
    assert.equal((await platform.requestItem("PUT", "/v1/instances/start", [{ name: "busy" }]))["error"], 11);
    assert.equal((await template("busy"))["error"], 8);
    assert.equal((await convert("busy"))["state"], "template");
    const item = await template("busy");
    assert.deepEqual([item["start_count"], item["restart_count"]], [1, 0]);
  });

  it("report the current state if the wait is too short", async () => {
    platform.guests.set("slow", { onStop: undefined });
    await platform.close();
    platform = await TestPlatform.open({ stopGraceMs: 5_000 });
    await platform.start();
    platform.guests.set("slow", { onStop: undefined });
    await platform.createRunning({ name: "slow" });
    const answer = await platform.api("POST", "/v1/instances/templates", [{ name: "slow", timeout_s: 1 }]);
    assert.deepEqual([answer.status, answer.message], ["error", "Operation timed out"]);
    assert.deepEqual([answer.items[0]?.["state"], answer.items[0]?.["error"]], ["stopping", undefined]);
  });

  it("cannot be started, stopped, suspended or changed as instances", async () => {
    await stopped("golden");
    await convert("golden");
    for (const verb of ["start", "stop", "suspend"]) {
      assert.equal(
        (await platform.requestItem("PUT", `/v1/instances/${verb}`, [{ name: "golden" }]))["error"],
        11,
        verb,
      );
    }
    const change = { name: "golden", prop: "memory_mb", op: "set", value: 64 };
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [change]))["error"], 11);
    assert.equal(platform.vmm.starts.length, 0);
  });

  it("leave their service, and an inline one is deleted with its last instance", async () => {
    const port = await freePort();
    const service_group = { name: "front", services: [{ port }] };
    const running = await platform.createRunning({ name: "web", service_group });
    assert.deepEqual(await names("/v1/services"), ["front"]);
    await convert("web");
    assert.equal("service_group" in (await platform.instance(running.uuid)), false);
    while ((await names("/v1/services")).length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await platform.createRunning({ name: "other", service_group: { services: [{ port }] } }); // the port is free again
  });

  it("are kept even if they had delete-on-stop", async () => {
    await platform.createRunning({ name: "brief", features: ["delete-on-stop"] });
    await convert("brief");
    assert.deepEqual(await names("/v1/instances/templates"), ["brief"]);
  });

  it("are completed if the daemon is killed before their VM ends", async () => {
    platform.guests.set("busy", { onStop: undefined });
    const { uuid } = await platform.createRunning({ name: "busy" });
    await convert("busy", { timeout_s: 0 });
    platform.daemon.simulateKill();
    platform.vmm.end(uuid, { kind: "killed", detail: "gone" });
    await platform.start();
    assert.equal((await template("busy"))["state"], "template");
  });

  it("allow changes of tags, lock and autokill only", async () => {
    await stopped("golden", { tags: ["a"] });
    await convert("golden", { autokill: { time_ms: 5_000 } });
    assert.deepEqual((await template("golden"))["template_autokill"], { time_ms: 5_000 });
    const patch = (prop: string, op: string, value?: unknown) =>
      platform.api("PATCH", "/v1/instances/templates", [{ name: "golden", id: "1", prop, op, value }]);
    assert.equal((await patch("tags", "add", ["b"])).items[0]?.["id"], "1");
    await patch("delete_lock", "set", true);
    await patch("autokill", "set", { time_ms: 7_000 });
    const item = await template("golden");
    assert.deepEqual(
      [item["tags"], item["delete_lock"], item["template_autokill"]],
      [["a", "b"], true, { time_ms: 7_000 }],
    );
    await patch("autokill", "del");
    assert.deepEqual((await template("golden"))["template_autokill"], { time_ms: 0 });
    assert.equal((await patch("autokill", "set", { num_requests: 3 })).items[0]?.["error"], 7);
    assert.equal((await patch("tags", "set", "a b")).items[0]?.["error"], 7);
    assert.equal((await patch("memory_mb", "set", 64)).httpStatus, 400);
  });

  it("can be deleted unless locked, and instances created from them stay", async () => {
    await stopped("golden");
    await convert("golden");
    await create({ name: "clone", template: { name: "golden" } });
    const lock = (value: boolean) =>
      platform.api("PATCH", "/v1/instances/templates", [{ name: "golden", prop: "delete_lock", op: "set", value }]);
    await lock(true);
    const remove = () => platform.requestItem("DELETE", "/v1/instances/templates", [{ name: "golden" }]);
    const refused = await remove();
    assert.deepEqual([refused["error"], refused.message], [14, "Deletion protection enabled"]);
    await lock(false);
    assert.equal((await remove())["status"], "success");
    assert.equal((await remove())["error"], 8);
    await openLayout(platform.paths.imagesDir).remove("app");
    assert.equal((await platform.requestItem("PUT", "/v1/instances/start", [{ name: "clone" }]))["status"], "success");
    assert.match(await fs.readFile(platform.vmm.starts[0]?.kernel ?? "", "utf8"), /kernel of app$/);
  });

  describe("as the source of instances", () => {
    const pick = (item: Item, ...fields: string[]) => fields.map((field) => item[field]);

    it("provide what the request omits, except for runtime state", async () => {
      const schedules = [{ name: "nightly", when: "daily", action: "stop" }];
      const more = { args: ["/bin/x"], env: { A: "b" }, memory_mb: 256, tags: ["x"], schedules };
      await platform.createRunning({ name: "golden", ...more, restart_policy: "on-failure", hostname: "gold" });
      await convert("golden");
      const same = await create({ name: "same", template: { name: "golden" } });
      assert.deepEqual(pick(same, "args", "env", "memory_mb", "tags", "restart_policy", "state", "start_count"), [
        ...[["/bin/x"], { A: "b" }, 256, ["x"], "on-failure"],
        ...["stopped", 0],
      ]);
      assert.deepEqual(pick(same, "delete_lock", "hostname", "template_autokill"), [false, undefined, undefined]);
      assert.equal((same["schedules"] as Item[])[0]?.name, "nightly");
      const other = await create({
        ...{ name: "other", template: { name: "golden" }, args: ["/bin/y"], env: { C: "d" }, tags: [] },
        ...{ autostart: true, timeout_s: 10 },
      });
      assert.deepEqual(pick(other, "args", "env", "tags", "state"), [["/bin/y"], { C: "d" }, [], "running"]);
      const spec = platform.vmm.starts.find(({ uuid }) => uuid === other.uuid);
      assert.deepEqual([spec?.args, spec?.env], [["/bin/y"], { FROM: "image", C: "d" }]);
    });

    it("boot after the removal of their image, in as many replicas as requested", async () => {
      await stopped("golden");
      await convert("golden");
      await openLayout(platform.paths.imagesDir).remove("app");
      const answer = await platform.api("POST", "/v1/instances", {
        ...{ name: "many", template: { name: "golden" }, replicas: 2, autostart: true, timeout_s: 10 },
      });
      assert.deepEqual(
        answer.items.map((item) => item["state"]),
        ["running", "running", "running"],
      );
    });

    it("scale to zero only in a service, which alone can wake instances", async () => {
      const scale_to_zero = { policy: "on", cooldown_time_ms: 60_000 };
      await stopped("golden", { scale_to_zero, service_group: { services: [{ port: await freePort() }] } });
      await convert("golden");
      const policy = (item: Item) => (item["scale_to_zero"] as Item)["policy"];
      assert.equal(policy(await create({ template: { name: "golden" } })), "off");
      const service_group = { services: [{ port: await freePort() }] };
      assert.equal(policy(await create({ template: { name: "golden" }, service_group })), "on");
    });

    it("share read-only volumes, and require the request to name writable ones", async () => {
      const volume = await platform.requestItem("POST", "/v1/volumes", {
        name: "data",
        size_mb: 8,
        access_mode: "rox",
      });
      const own = await platform.requestItem("POST", "/v1/volumes", { name: "own", size_mb: 8 });
      await stopped("reader", { volumes: [{ uuid: volume.uuid, at: "/data", readonly: true }] });
      await stopped("writer", { volumes: [{ uuid: own.uuid, at: "/own" }] });
      await convert("reader");
      await convert("writer");
      const reads = await create({ template: { name: "reader" } });
      assert.deepEqual(reads["volumes"], [{ uuid: volume.uuid, name: "data", at: "/data", readonly: true }]);
      assert.equal((await create({ template: { name: "writer" } }))["error"], 15);
      assert.deepEqual((await create({ template: { name: "writer" }, volumes: [] }))["volumes"], []);
      assert.equal((await platform.requestItem("DELETE", "/v1/volumes", [{ name: "own" }]))["error"], 15);
    });

    it("are rejected if they do not exist or are no template", async () => {
      await stopped("plain");
      assert.equal((await create({ template: { name: "ghost" } }))["error"], 8);
      assert.equal((await create({ template: { name: "plain" } }))["error"], 8);
      assert.equal((await create({ template: { uuid: "nonsense" } }))["error"], 7);
    });

    it("apply the rules of a create to inherited settings too", async () => {
      await platform.requestItem("POST", "/v1/instances", {
        name: "brief",
        image: "app:1",
        features: ["delete-on-stop"],
      });
      await convert("brief");
      const item = await create({ template: { name: "brief" }, restart_policy: "always" });
      assert.equal(item["error"], 7);
      assert.match(item.message, /'delete-on-stop'/);
    });

    it("cannot be a dependency, since they never run", async () => {
      await stopped("golden");
      await convert("golden");
      assert.equal((await create({ image: "app:1", dependencies: [{ name: "golden" }] }))["error"], 24);
      await stopped("plain");
      const change = { name: "plain", prop: "dependencies", op: "add", value: [{ name: "golden" }] };
      assert.equal((await platform.requestItem("PATCH", "/v1/instances", [change]))["error"], 24);
    });

    it("are rejected together with any other source", async () => {
      const mixed: [Record<string, unknown>, string][] = [
        [{ branch_from: { name: "a" }, image: "app:1" }, "Cannot specify 'image' when 'branch_from' is set"],
        [
          { branch_from: { name: "a" }, template: { name: "b" } },
          "Cannot specify 'branch_from' when creating an instance from a template",
        ],
        [
          { branch_from: { name: "a" }, env: { A: "b" } },
          "Cannot specify 'env' when branching from an existing instance",
        ],
      ];
      for (const [body, message] of mixed) {
        const answer = await platform.api("POST", "/v1/instances", body);
        assert.deepEqual([answer.httpStatus, answer.message], [400, message]);
      }
    });
  });

  describe("on demand", () => {
    const create_args = { image: "app:1", memory_mb: 64, autostart: true, timeout_s: 5 };
    const request = (more: Record<string, unknown> = {}) =>
      create({ template: { name: "golden", prepare: true, create_args, autokill: { time_ms: 60_000 }, ...more } });

    it("are created by the first of many creates and found by all others", async () => {
      const made = await Promise.all(Array.from({ length: 5 }, () => request()));
      assert.deepEqual(
        made.map((item) => [item["status"], item["memory_mb"], item["state"]]),
        made.map(() => ["success", 64, "stopped"]),
      );
      assert.deepEqual(await names("/v1/instances/templates"), ["golden"]);
      assert.deepEqual((await template("golden"))["template_autokill"], { time_ms: 60_000 });
      assert.equal((await request({ create_args: undefined }))["status"], "success");
      assert.equal(platform.vmm.starts.length, 1); // of the instance that became the template
    });

    it("report what is wrong with them and leave nothing behind", async () => {
      const refused: [Record<string, unknown>, number, RegExp][] = [
        [{ create_args: undefined }, 7, /'template.create_args' is missing/],
        [{ create_args: { image: "ghost:1" } }, 8, /'ghost:1'/],
        [
          { create_args: { image: "app:1", memory: 64 } },
          7,
          /'memory'.*'template.create_args'|Unknown member 'memory'/,
        ],
        [{ create_args: { image: "app:1", name: "other" } }, 7, /one instance named 'golden'/],
        [{ create_args: { image: "app:1", branch_from: { name: "a" } } }, 7, /'branch_from' is set/],
        [{ create_args: { template: { name: "x" } } }, 7, /not created from a template/],
      ];
      for (const [more, code, message] of refused) {
        const item = await request(more);
        assert.equal(item["error"], code, item.message);
        assert.match(item.message, message);
      }
      assert.deepEqual(await names("/v1/instances/templates"), []);
      assert.deepEqual(await names("/v1/instances"), []);
    });

    it("do not take the name of an instance", async () => {
      await stopped("golden");
      assert.equal((await request())["error"], 24);
    });
  });

  describe("as branches", () => {
    const branch = (name: string, more: Record<string, unknown> = {}) => create({ branch_from: { name }, ...more });

    it("are created from a stopped instance, which stays", async () => {
      await stopped("main", { env: { A: "b" }, memory_mb: 64 });
      const item = await branch("main", { name: "fork" });
      assert.deepEqual([item["env"], item["memory_mb"], item["state"]], [{ A: "b" }, 64, "stopped"]);
      assert.deepEqual(await names("/v1/instances"), ["main", "fork"]);
    });

    it("boot, and say so, if the guest of a running instance has no agent", async () => {
      await platform.createRunning({ name: "main" });
      const item = await branch("main", { autostart: true, timeout_s: 10 });
      assert.equal(item["state"], "running");
      const notice = (await platform.instance(item.uuid))["memory_notice"];
      assert.equal(notice, "It boots instead of being cloned: its kernel has no agent");
      assert.equal(platform.vmm.starts.length, 2);
    });

    it("are rejected in transitional states, for templates and for suspended instances, with the API's messages", async () => {
      platform.guests.set("slow", { bootMs: 60_000 });
      await create({ image: "app:1", name: "slow", autostart: true });
      await stopped("golden");
      await convert("golden");
      await platform.createRunning({ name: "frozen" });
      await platform.api("PUT", "/v1/instances/suspend", [{ name: "frozen" }]);
      const answers = await Promise.all(["slow", "golden", "frozen", "ghost"].map((name) => branch(name)));
      assert.deepEqual(
        answers.map((item) => [item["error"], item.message]),
        [
          [11, "Cannot branch from VM in state 'starting'"],
          [11, "Cannot branch from VM in state 'template'"],
          [11, "Cannot branch from VM with pending snapshot"],
          [8, "No instance with name 'ghost'"],
        ],
      );
    });
  });
});
