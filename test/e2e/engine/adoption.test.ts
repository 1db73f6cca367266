/** An Instance with the real engine, on a local platform whose VMs are in memory. */
import assert from "node:assert/strict";
import { type OperationResult, changingSteps, assertSucceeded } from "../../support/engine";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

const opsOf = (result: OperationResult) =>
  changingSteps(result)
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
    .sort();

describe("an existing instance with the real engine", function () {
  this.timeout(300_000);
  let platform: TestPlatform;
  let project: TestProject;
  const stackOf = (config: Readonly<Record<string, string>> = {}) =>
    project.stack({
      "unikernel:metro": platform.daemon.url,
      "unikernel:token": { secret: platform.daemon.token },
      ...Object.fromEntries(Object.entries(config).map(([key, value]) => [`instances:${key}`, value])),
    });

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    project = await TestProject.copy("test/fixtures/projects/instances");
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  let id: string;

  it("is adopted by name, and its secrets stay secret in state, also in lists", async () => {
    const there = await platform.createRunning({ name: "there", tags: ["two", "one"] });
    const stack = stackOf({ name: "there", adopt: "true" });
    id = String(assertSucceeded(await stack.up()).outputs["id"]);
    assert.equal(id, there.uuid);
    assert.doesNotMatch(await project.readStoredState(), /s3cret/);
    assert.deepEqual(opsOf(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
  });

  it("is changed by hand, and a refresh shows it without planning a change", async () => {
    const stack = stackOf({ name: "there" });
    await platform.api("PATCH", "/v1/instances", [{ uuid: id, prop: "tags", op: "set", value: ["other"] }]);
    const refreshed = await stack.refresh({ expectNoChanges: true });
    assert.equal(refreshed.exitCode, 7);
    assert.doesNotMatch(refreshed.output, /the update will/);
    const result = assertSucceeded(await stack.up());
    assert.match(result.output, /Instance 'web': the update will change tags in place\./);
    assert.doesNotMatch(result.output, /s3cret/);
  });

  it("is found by name alone and read completely", async () => {
    const stack = stackOf({ name: "there", look: "there" });
    const result = assertSucceeded(await stack.up());
    assert.deepEqual([result.outputs["foundMemoryMb"], result.outputs["foundName"]], [128, "there"]);
    const found = (await stack.state()).resources.find(({ urn }) => urn.endsWith("::found"));
    assert.equal(found?.id, id);
    assert.doesNotMatch(await project.readStoredState(), /s3cret/);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid: id }]);
    await platform.waitForItem(id, (item) => item["state"] === "stopped");
    const again = assertSucceeded(await stack.up({ expectNoChanges: true }));
    assert.deepEqual(opsOf(again), []);
    assert.doesNotMatch(again.output, /\[diff: /);
    const missing = await stackOf({ name: "there", look: "nobody" }).up();
    assert.match(missing.output, /NOT_FOUND: Instance 'nobody' does not exist in this metro\./);
  });

  it("is rejected at preview beyond the account's quotas", async () => {
    const { output, exitCode } = await stackOf({ name: "there", memoryMb: "999999" }).preview();
    assert.notEqual(exitCode, 0);
    assert.match(output, /QUOTA_EXCEEDED: memoryMb: must be 16 to \d+ MiB in this account, got 999999\./);
  });

  it("is destroyed with its stack", async () => {
    assertSucceeded(await stackOf().destroy());
    assert.equal((await platform.instance(id))["error"], 8);
  });
});
