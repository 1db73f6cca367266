/** A plan that exceeds the account's quotas as a whole, while each of its resources alone would not. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { type OperationResult, type Stack, assertSucceeded } from "../../support/engine";
import { LocalPlatform } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

const COMMAND = path.join(__dirname, "..", "..", "..", "dist", "provider", "cli", "main.js");

const errorsOf = ({ diagnostics }: OperationResult): readonly string[] =>
  diagnostics.flatMap(({ severity, urn, message }) => (severity === "error" && urn !== undefined ? [message] : []));

describe("a plan that exceeds quotas", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;

  const say = (...sizes: readonly number[]): Promise<void> =>
    project.write(
      "index.ts",
      [
        'import * as unikernel from "pulumi-unikernel";',
        ...sizes.map((sizeMb, index) => `new unikernel.Volume("data-${index}", { sizeMb: ${sizeMb} });`),
      ].join("\n"),
    );
  const sizes = async (): Promise<readonly (number | undefined)[]> =>
    (await platform.client.getVolumes({})).items.map(({ size_mb }) => size_mb);

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/badInput");
    stack = project.stack({});
    const quotas = ["--quota", "total_volume_mb=40", "--quota", "volumes=3"];
    execFileSync(process.execPath, [COMMAND, "local", "up", "--stay", ...quotas], { stdio: "ignore" });
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  it("fails at preview before any create, with the required and available amounts", async () => {
    await say(16, 16, 16);
    const result = await stack.preview();
    assert.equal(result.succeeded, false);
    const [error = "", ...more] = errorsOf(result);
    assert.deepEqual(more, [], "once for the plan");
    assert.match(
      error,
      /QUOTA_EXCEEDED: sizeMb: the plan needs 48 MiB more of total_volume_mb; 0 of 40 MiB are used\. Reduce the amount, /,
    );
    assert.deepEqual(await sizes(), []);
  });

  it("counts existing usage, and only the growth of an update", async () => {
    await say(16, 16);
    assertSucceeded(await stack.up());
    await say(16, 24);
    assertSucceeded(await stack.preview());
    await say(16, 32);
    const result = await stack.up();
    assert.equal(result.succeeded, false);
    assert.match(errorsOf(result)[0] ?? "", /needs 16 MiB more of total_volume_mb; 32 of 40 MiB are used\./);
    assert.deepEqual(await sizes(), [16, 16]);
  });
});
