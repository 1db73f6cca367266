/** Checkpoints and lineage: what is copied from an instance, and where an instance comes from. */
import assert from "node:assert/strict";
import { type Item, TestPlatform } from "../../support/testPlatform";

const PATH = "/v1/instances/checkpoints";

describe("checkpoints", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    await create({ image: "app:1", name: "main", env: { STEP: "1" }, tags: ["x"] });
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/instances", body);
  const checkpoint = (from: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("POST", PATH, [{ from: { name: from }, ...more }]);
  const history = async (path: string, name: string): Promise<string[]> => {
    const item = await platform.requestItem("GET", `${path}/history?name=${name}`);
    return (item["history"] as Item[]).map((one) => one.name);
  };

  it("are copies of a stopped instance, which stays unchanged", async () => {
    const made = await checkpoint("main", { name: "first" });
    assert.deepEqual([made["status"], made.name, made["state"]], ["success", "first", "checkpoint"]);
    const set = { name: "main", prop: "env", op: "set", value: { STEP: "2" } };
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [set]))["status"], "success");
    const copy = await platform.requestItem("GET", `${PATH}?name=first`);
    assert.deepEqual([copy["env"], copy["tags"], copy["checkpoint_autokill"]], [{ STEP: "1" }, ["x"], { time_ms: 0 }]);
    const { items } = await platform.api("GET", "/v1/instances");
    assert.deepEqual(
      items.map((item) => [item.name, item["state"]]),
      [["main", "stopped"]],
    );
  });

  it("are named after their instance by default and reject a name that is taken", async () => {
    assert.match((await checkpoint("main")).name, /^main-[a-z0-9]{5}$/);
    await checkpoint("main", { name: "first" });
    const again = await checkpoint("main", { name: "first" });
    assert.deepEqual([again["error"], again.message], [23, "A checkpoint with the name 'first' already exists"]);
    assert.equal((await checkpoint("main", { name: "main" }))["error"], 23);
    assert.equal((await checkpoint("ghost"))["error"], 8);
    const both = await Promise.all([checkpoint("main", { name: "race" }), checkpoint("main", { name: "race" })]);
    assert.deepEqual(both.map((item) => item["error"]).sort(), [23, undefined]);
  });

  it("are rejected for suspended instances", async () => {
    await platform.createRunning({ name: "live" });
    await platform.api("PUT", "/v1/instances/suspend", [{ name: "live" }]);
    assert.equal((await checkpoint("live"))["error"], 11);
  });

  it("are rejected for an instance that can write to a volume", async () => {
    await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
    await create({ image: "app:1", name: "writer", volumes: [{ name: "data", at: "/data" }] });
    const refused = await checkpoint("writer");
    assert.equal(refused["error"], 15);
    assert.match(refused.message, /'writer'.*'\/data'/);
  });

  it("start instances and report their lineage, nearest first", async () => {
    await checkpoint("main", { name: "first" });
    await create({ name: "second", checkpoint: { name: "first" }, env: { STEP: "2" } });
    await checkpoint("second", { name: "later" });
    const third = await create({ name: "third", checkpoint: { name: "later" } });
    assert.deepEqual([third["env"], third["state"]], [{ STEP: "2" }, "stopped"]);
    assert.deepEqual(await history("/v1/instances", "main"), []);
    assert.deepEqual(await history("/v1/instances", "second"), ["first"]);
    assert.deepEqual(await history("/v1/instances", "third"), ["later", "first"]);
    assert.deepEqual(await history(PATH, "later"), ["first"]);
    const fork = await create({ branch_from: { name: "third" }, name: "fork" });
    assert.deepEqual(await history("/v1/instances", fork.name), ["later", "first"]);
    await platform.api("DELETE", PATH, [{ name: "first" }]);
    const item = await platform.requestItem("GET", `/v1/instances/${third.uuid}/history`);
    const [later, first] = item["history"] as Item[];
    assert.deepEqual([later?.name, first?.name], ["later", "first"]);
    assert.match(String(first?.["created_at"]), /^\d{4}-.*Z$/);
    assert.equal((await platform.requestItem("GET", `${PATH}/history?name=main`))["error"], 8);
    assert.equal((await platform.api("GET", "/v1/instances/history")).httpStatus, 400);
  });

  it("are no templates, and an instance resumes only from a checkpoint", async () => {
    await checkpoint("main", { name: "first" });
    assert.equal((await create({ template: { name: "first" } }))["error"], 8);
    assert.equal((await create({ checkpoint: { name: "main" } }))["error"], 8);
    assert.equal((await platform.requestItem("POST", "/v1/instances/templates", [{ name: "first" }]))["error"], 11);
    assert.equal((await platform.requestItem("PUT", "/v1/instances/start", [{ name: "first" }]))["error"], 11);
    assert.equal((await platform.requestItem("GET", "/v1/instances/templates?name=first"))["error"], 8);
  });

  it("are changed and deleted like templates", async () => {
    const { uuid } = await checkpoint("main", { name: "first", tags: ["a"], autokill: { time_ms: 60_000 } });
    const change = (prop: string, value: unknown) =>
      platform.requestItem("PATCH", PATH, [{ uuid, prop, op: "set", value }]);
    await change("delete_lock", true);
    const item = await platform.requestItem("GET", `${PATH}/${uuid}`);
    assert.deepEqual([item["tags"], item["checkpoint_autokill"]], [["a"], { time_ms: 60_000 }]);
    assert.equal((await platform.requestItem("DELETE", PATH, [{ uuid }]))["error"], 14);
    await change("delete_lock", false);
    assert.equal((await platform.requestItem("DELETE", PATH, [{ uuid }]))["status"], "success");
    assert.deepEqual((await platform.api("GET", PATH)).items, []);
  });

  it("survive a daemon restart, as templates do", async () => {
    await checkpoint("main", { name: "first" });
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "main" }]);
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal((await create({ checkpoint: { name: "first" } }))["status"], "success");
    assert.equal((await create({ template: { name: "main" } }))["status"], "success");
  });
});
