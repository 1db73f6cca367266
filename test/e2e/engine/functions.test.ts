/** Functions in a program: existing objects, and objects that the program itself creates. */
import assert from "node:assert/strict";
import { type Stack, assertSucceeded } from "../../support/engine";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

describe("functions in a program", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/server");
    stack = project.stack({});
    await project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
        const image = new unikernel.GatewayImage("server", { context: "./image", files: { "/version": "one" } });
        const server = new unikernel.Instance("server", {
          image: image.ref, memoryMb: 96, env: { GREETING: "hello" }, tags: ["shown"],
        });
        export const id = server.id;
        /** Called when the program runs, independently of its resources. */
        export const before = unikernel.getInstances({ tags: ["shown"] }).then(({ instances }) => instances.map(({ uuid }) => uuid));
        export const others = unikernel.getInstances({ tags: ["hidden"] }).then(({ instances }) => instances.length);
        /** Called once the instance is created. */
        export const found = unikernel.getInstanceOutput({ uuid: server.id });
        export const log = unikernel.getInstanceLogsOutput({ uuid: server.id, offsetBytes: -16383, limitBytes: 16383 });
        export const quotas = unikernel.getQuotas();
      `,
    );
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  it("wait in a preview for an instance of the program, and start nothing for a missing one", async () => {
    const { changes } = assertSucceeded(await stack.preview());
    assert.deepEqual(changes, { create: 3 }); // the stack, the image and the instance
    assert.deepEqual(await platform.virtualMachines(), []);
  });

  it("read an instance of the same program once it is created", async () => {
    const { outputs } = assertSucceeded(await stack.up());
    assert.deepEqual([outputs["before"], outputs["others"]], [[], 0]);
    const { uuid, state, memoryMb, tags } = outputs["found"] as Record<string, unknown>;
    assert.deepEqual([uuid, state, memoryMb, tags], [outputs["id"], "running", 96, ["shown"]]);
    assert.equal((outputs["log"] as { state: string }).state, "running");
    assert.doesNotMatch(JSON.stringify(outputs["found"]), /hello/, "the environment may hold secrets");
  });

  it("read its console log and its size on the next run", async () => {
    const { uuid = "" } = (await platform.client.getInstances({})).items[0] ?? {};
    await eventually("the guest prints its settings", async () =>
      (await platform.readConsole(uuid)).includes("told: "),
    );
    const { outputs } = assertSucceeded(await stack.up());
    assert.match((outputs["log"] as { output: string }).output, /^told: hello, version one\r?$/m);
    assert.deepEqual(outputs["before"], [uuid]);
    const { used, hard } = outputs["quotas"] as Record<"used" | "hard", Record<string, number>>;
    assert.deepEqual([used["instances"], used["liveInstances"], used["liveMemoryMb"], used["volumes"]], [1, 1, 96, 0]);
    assert.ok((hard["instances"] ?? 0) > 1);
  });

  it("leave nothing behind", async () => {
    assertSucceeded(await stack.destroy());
    await platform.assertNothingLeft();
  });
});
