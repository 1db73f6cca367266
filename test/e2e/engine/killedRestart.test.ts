/** The engine is killed while an update restarts an instance, and the next `up` begins with a refresh. VMs in memory. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { eventually } from "../../support/localPlatform";
import { findProcessesIn, isEngine, isProvider } from "../../support/processesIn";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

describe("an update that restarts an instance, killed before the start", function () {
  this.timeout(240_000);
  let platform: TestPlatform;
  let project: TestProject;
  let stack: Stack;

  before(async () => {
    platform = await TestPlatform.open();
    platform.setDefaultGuest(() => ({ bootMs: 1_500, onStop: { kind: "exited", exitCode: 0 } }));
    await platform.start();
    project = await TestProject.copy("examples/quickstart");
    await fs.rm(`${project.folder}/site`, { recursive: true });
    await project.write("Pulumi.yaml", "name: restart\nruntime: nodejs\n");
    const { url, token } = platform.daemon;
    stack = project.stack(
      { "unikernel:metro": url, "unikernel:token": { secret: token } },
      {},
      { leavesOrphans: true },
    );
  });
  after(async () => {
    await stack.destroy();
    await project.remove();
    await platform.close();
  });

  const write = (version: string): Promise<void> =>
    project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       new unikernel.Instance("web", { image: "app:1", memoryMb: 64, env: { VERSION: "${version}" } });`,
    );
  const web = async () => (await platform.requestItem("GET", "/v1/instances")) as unknown as Record<string, unknown>;

  it("is finished by an up with a refresh, which finds the instance stopped", async () => {
    await write("1");
    assertSucceeded(await stack.up());
    await write("2");
    const running = stack.up();
    await eventually("it is stopped", async () => (await web())["state"] !== "running", 60_000);
    for (const isWanted of [isProvider, isEngine])
      for (const pid of await findProcessesIn(project.folder, isWanted)) process.kill(pid, "SIGKILL");
    assert.equal((await running).succeeded, false);
    await stack.cancel();
    assertSucceeded(await stack.up({ refresh: true }));
    const { state, env } = await web();
    assert.deepEqual([state, env], ["running", { VERSION: "2" }]);
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview({ refresh: true }))), []);
  });
});
