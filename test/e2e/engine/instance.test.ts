/** A running instance whose program changes: updated in place, restarted or replaced, as previewed. */
import assert from "node:assert/strict";
import type { InstanceItem } from "../../../provider/contract/models";
import { type OperationResult, type Stack, changingSteps, assertSucceeded } from "../../support/engine";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

/** The steps that change the instance. */
const opsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .filter(({ kind }) => kind === "Instance")
    .map(({ op }) => op)
    .sort();

/** The settings that the guest printed, one entry per boot. */
const printedSettings = (console: string): readonly string[] =>
  console.match(/^told: .*$/gm)?.map((line) => line.trim()) ?? [];

describe("an instance whose program changes", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let id: string;
  const configuration: Record<string, string> = {
    version: "one",
    memoryMb: "96",
    greeting: "hello",
    tags: "[]",
    restartPolicy: "never",
    deleteLock: "false",
  };

  /** The stack of the last program with these changes. */
  function stackWith(changes: Readonly<Record<string, string>> = {}): Stack {
    Object.assign(configuration, changes);
    return project.stack(
      Object.fromEntries(Object.entries(configuration).map(([key, value]) => [`server:${key}`, value])),
    );
  }
  async function item(): Promise<InstanceItem> {
    const found = (await platform.client.getInstances({ query: { uuid: [id] } })).items[0];
    assert.ok(found !== undefined);
    return found;
  }
  const untilPrinted = (words: string): Promise<void> =>
    eventually(
      `the guest prints '${words}'`,
      async () => printedSettings(await platform.readConsole(id)).at(-1) === `told: ${words}`,
    );

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/server");
    id = String(assertSucceeded(await stackWith().up()).outputs["instanceId"]);
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  it("shows no drift after a manual restart and stop", async () => {
    for (const state of ["stopped", "running", "stopped"] as const) {
      const body = [{ uuid: id }];
      await (state === "stopped" ? platform.client.stopInstances({ body }) : platform.client.startInstances({ body }));
      await platform.client.waitInstances(
        { query: { uuid: [id], state: [state], timeout_s: [60] } },
        { serverWaitMs: 60_000 },
      );
    }
    assert.deepEqual(opsOf(assertSucceeded(await stackWith().refresh({ expectNoChanges: true }))), []);
    const { state, start_count } = await item();
    assert.deepEqual([state, start_count], ["stopped", 2], "who stopped it wants it stopped");
    const known = (await stackWith().state()).resources.find((resource) => resource.id === id);
    assert.equal(known?.outputs?.["startCount"], 2, "the state says how it is");
    await platform.client.startInstances({ body: [{ uuid: id }] });
    await untilPrinted("hello, version one");
  });

  it("gets new memory and environment in place, by the steps in the preview", async () => {
    const before = await item();
    const changedStack = stackWith({ memoryMb: "112", greeting: "good morning" });
    const preview = assertSucceeded(await changedStack.preview({ refresh: true }));
    assert.deepEqual(opsOf(preview), ["update"]);
    assert.match(
      preview.output,
      /Instance 'server': the update will stop it, change env and memoryMb in place, then start it\./,
    );
    assert.doesNotMatch(preview.output, /good morning/);
    // Without a refresh: it is still stopped according to the state.
    const { outputs } = assertSucceeded(await changedStack.up());
    assert.equal(outputs["instanceId"], id);
    const after = await item();
    assert.deepEqual([after.uuid, after.memory_mb, after.state], [before.uuid, 112, "running"]);
    assert.equal(after.start_count, (before.start_count ?? 0) + 1);
    await untilPrinted("good morning, version one");
    assert.deepEqual(opsOf(assertSucceeded(await stackWith().up({ expectNoChanges: true }))), []);
  });

  it("gets tags and a lock while running", async () => {
    const before = await platform.virtualMachines();
    const result = assertSucceeded(await stackWith({ tags: '["blue"]', deleteLock: "true" }).up());
    assert.deepEqual(opsOf(result), ["update"]);
    assert.match(result.output, /Instance 'server': the update will change tags and deleteLock in place\./);
    const { tags, delete_lock } = await item();
    // Beside the tag of the program there is the provider's mark, which says that the create has finished.
    assert.match((tags ?? []).join(" "), /^blue pulumi:[0-9a-f]{12}:[0-9a-f]{16}$/);
    assert.equal(delete_lock, true);
    assert.deepEqual(await platform.virtualMachines(), before, "the same process runs it");
  });

  it("is not destroyed while locked, and loses nothing", async () => {
    const [before, machines] = [await item(), await platform.virtualMachines()];
    const result = await stackWith().destroy();
    assert.equal(result.succeeded, false);
    const errors = result.diagnostics.filter(({ severity, urn }) => severity === "error" && urn?.endsWith("::server"));
    assert.deepEqual(errors.length, 1, result.output);
    assert.match(
      errors[0]?.message ?? "",
      /NOT_ALLOWED: deleteLock: Instance 'server-[0-9a-f]{7}' is locked against deletion\. Set deleteLock to false, run 'pulumi up', then delete it.$/,
    );
    assert.deepEqual([(await item()).start_count, await platform.virtualMachines()], [before.start_count, machines]);
    assert.ok((await stackWith().state()).resources.some((resource) => resource.id === id));
  });

  it("gets another image in place, verified by digest, as soon as it is built", async () => {
    const before = await item();
    const { outputs } = assertSucceeded(await stackWith({ version: "two", deleteLock: "false" }).up());
    const after = await item();
    assert.deepEqual([outputs["instanceId"], after.uuid], [id, before.uuid]);
    assert.equal(outputs["digest"], outputs["asked"]);
    assert.ok(after.image?.endsWith(String(outputs["digest"])), after.image);
    assert.notEqual(after.image, before.image);
    await untilPrinted("good morning, version two");
  });

  it("is replaced for another restart policy, with the reason in the preview", async () => {
    const { output, outputs } = assertSucceeded(await stackWith({ restartPolicy: "always" }).up());
    assert.match(output, /Instance 'server': will be replaced because restartPolicy cannot be changed in place\./);
    assert.notEqual(outputs["instanceId"], id);
    const { items } = await platform.client.getInstances({});
    assert.deepEqual(
      items.map(({ uuid, restart_policy }) => [uuid, restart_policy]),
      [[outputs["instanceId"], "always"]],
    );
    assert.equal((await platform.virtualMachines()).length, 1);
  });

  it("is destroyed completely", async () => {
    assertSucceeded(await stackWith().destroy());
    await platform.assertNothingLeft();
  });
});
