import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { type StateResource, changingSteps, assertSucceeded } from "../../support/engine";
import { LocalPlatform, eventually, findProcessesOf } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

const opsOf = (result: Parameters<typeof changingSteps>[0]) =>
  changingSteps(result)
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
    .sort();
const keptLines = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.startsWith("kept: "))
    .map((line) => line.trim());

describe("an instance with a volume, from pulumi up to pulumi destroy", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  const stackOf = (version: string) => project.stack({ "keeper:version": version });

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/keeper");
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  let id: string;

  it("is created, and its output is on the volume", async () => {
    const result = assertSucceeded(await stackOf("one").up());
    id = String(result.outputs["instanceId"]);
    await eventually("the first boot is kept", async () => keptLines(await platform.readConsole(id)).length > 0);
    assert.deepEqual(keptLines(await platform.readConsole(id)), ["kept: boot of one"]);
  });

  it("keeps secrets secret in state, and everything else readable", async () => {
    const text = await project.readStoredState();
    assert.doesNotMatch(text, /s3cret greeting/);
    const { checkpoint } = JSON.parse(text) as { checkpoint: { latest: { resources: StateResource[] } } };
    const instance = checkpoint.latest.resources.find((resource) => resource.type.endsWith("unikernel:Instance"));
    for (const side of [instance?.inputs, instance?.outputs]) {
      assert.ok("ciphertext" in (side?.["env"] as object));
      assert.equal(side?.["memoryMb"], 96);
    }
  });

  it("passes no secrets of the engine's environment to daemon or VM", async () => {
    const processes = await findProcessesOf(platform.folder);
    assert.equal(processes.length, 2);
    for (const { pid } of processes) {
      assert.doesNotMatch(await fs.readFile(`/proc/${pid}/environ`, "latin1"), /PULUMI_|UKC_TOKEN/);
      assert.doesNotMatch(await fs.readFile(`/proc/${pid}/cmdline`, "latin1"), /s3cret/);
    }
  });

  it("keeps the file across a restart", async () => {
    await platform.client.stopInstances({ body: [{ uuid: id }] });
    await platform.client.waitInstances(
      { query: { uuid: [id], state: ["stopped"], timeout_s: [60] } },
      { serverWaitMs: 60_000 },
    );
    await platform.client.startInstances({ body: [{ uuid: id }] });
    await eventually("the second boot is kept", async () => keptLines(await platform.readConsole(id)).length >= 2);
    assert.deepEqual(keptLines(await platform.readConsole(id)).slice(-2), ["kept: boot of one", "kept: boot of one"]);
  });

  it("gets another image in place as previewed, and the new program finds the file", async () => {
    const preview = assertSucceeded(await stackOf("two").preview());
    assert.deepEqual(
      opsOf(preview).filter((step) => step.endsWith("keeper")),
      ["update keeper", "update keeper"],
    );
    const result = assertSucceeded(await stackOf("two").up());
    assert.equal(result.outputs["instanceId"], id);
    assert.match(result.output, /Instance 'keeper': the update will stop it, change image in place, then start it\./);
    await eventually("the third boot is kept", async () => keptLines(await platform.readConsole(id)).length >= 3);
    assert.deepEqual(keptLines(await platform.readConsole(id)).slice(-3), [
      "kept: boot of one",
      "kept: boot of one",
      "kept: boot of two",
    ]);
  });

  it("shows no drift", async () => {
    const result = assertSucceeded(await stackOf("two").refresh({ expectNoChanges: true }));
    assert.deepEqual(opsOf(result), []);
    assert.deepEqual(opsOf(assertSucceeded(await stackOf("two").up({ expectNoChanges: true }))), []);
  });

  it("is created again by the next up after it was deleted outside Pulumi", async () => {
    await platform.client.deleteInstances({ body: [{ uuid: id }] });
    const result = assertSucceeded(await stackOf("two").up());
    assert.ok(opsOf(result).includes("create keeper"), opsOf(result).join("\n"));
    const again = String(result.outputs["instanceId"]);
    assert.notEqual(again, id);
    await eventually("the fourth boot is kept", async () => keptLines(await platform.readConsole(again)).length >= 4);
  });

  it("is destroyed completely", async () => {
    assertSucceeded(await stackOf("two").destroy());
    await platform.assertNothingLeft();
  });
});
