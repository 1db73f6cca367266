import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type OperationResult, type Stack, changingSteps, assertSucceeded } from "../../support/engine";
import { itInComplete } from "../../support/form";
import { LocalPlatform, eventually, freePort, isListening } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { LoadGenerator, httpGet } from "../../support/loadGenerator";

const PAGE = "site/rootfs/www/index.html";
const stepsOf = (result: OperationResult) =>
  changingSteps(result)
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
    .sort();

/** Every file of the image layout with its modification time: equal lists mean that nothing was built. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(async (file) => `${file} ${(await fs.stat(file)).mtimeMs}`))).sort();
}

describe("examples/quickstart, from pulumi up to pulumi destroy", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let port: number;
  let url: string;

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("examples/quickstart");
    port = await freePort();
    const program = await fs.readFile(path.join(project.folder, "index.ts"), "utf8");
    await project.write("index.ts", program.replace("port: 8080,", `port: ${port},`));
    await project.write(PAGE, "<p>first</p>");
    stack = project.stack({});
    url = `http://127.0.0.1:${port}/`;
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  it("is previewed without starting or writing anything", async () => {
    assert.deepEqual(
      stepsOf(assertSucceeded(await stack.preview())).filter((step) => step.startsWith("create")).length,
      5,
    );
    assert.deepEqual([await platform.daemonPid(), await platform.virtualMachines()], [undefined, []]);
  });

  it("is created and serves the page on the first request", async () => {
    const { outputs } = assertSucceeded(await stack.up());
    assert.equal(`${String(outputs["url"])}/`, url);
    assert.deepEqual(await httpGet(url), { status: 200, body: "<p>first</p>" });
    assert.equal((await platform.virtualMachines()).length, 3);
  });

  it("changes and builds nothing on the second run and reports so", async () => {
    const images = path.join(platform.folder, "images");
    const before = [await filesOf(images), await platform.virtualMachines()];
    const result = assertSucceeded(await stack.up({ expectNoChanges: true }));
    assert.deepEqual(stepsOf(result), []);
    assert.match(result.output, /unchanged/);
    assert.deepEqual([await filesOf(images), await platform.virtualMachines()], before);
  });

  it("shows a changed file at preview as a change of image and service", async () => {
    await project.write(PAGE, "<p>second</p>");
    const steps = stepsOf(assertSucceeded(await stack.preview()));
    assert.ok(steps.includes("update site") && steps.includes("update web"), steps.join("\n"));
  });

  it("rolls both replicas without a failed request while a client requests in a loop", async () => {
    const before = await platform.virtualMachines();
    const traffic = new LoadGenerator(url);
    await eventually("requests succeed", () => traffic.requests > 10);
    assertSucceeded(await stack.up());
    const requestsBefore = traffic.requests;
    await eventually("requests continue", () => traffic.requests > requestsBefore + 10);
    await traffic.stop();
    console.log(`      ${traffic.requests} requests during the rollout, ${traffic.failures.length} failed`);
    assert.deepEqual(traffic.failures, []);
    assert.deepEqual(traffic.bodies, ["<p>first</p>", "<p>second</p>"]);
    assert.deepEqual(await httpGet(url), { status: 200, body: "<p>second</p>" });
    const after = await platform.virtualMachines();
    assert.equal(after.length, 3);
    assert.deepEqual(
      after.filter((pid) => before.includes(pid)),
      [],
      "every VM was replaced",
    );
  });

  itInComplete("keeps the old replicas serving when a rollout fails, and continues with the next up", async () => {
    await project.write("site/rootfs/broken.sh", "#!/bin/sh\necho about to fail\nexit 3\n");
    const kraftfile = path.join(project.folder, "site/Kraftfile");
    const good = await fs.readFile(kraftfile, "utf8");
    await fs.writeFile(kraftfile, good.replace(/^cmd:.*$/m, 'cmd: ["/bin/sh", "/broken.sh"]'));

    const traffic = new LoadGenerator(url);
    const failed = await stack.up();
    await traffic.stop();
    assert.equal(failed.succeeded, false);
    assert.match(
      failed.output,
      /ROLLOUT_FAILED: The rollout of service 'web-[0-9a-f]{7}' failed and was rolled back\. 2 old replicas serving as before\./,
    );
    assert.match(failed.output, /the program exited with code 3, again after 2 restarts/);
    assert.match(failed.output, /\| about to fail/);
    assert.deepEqual(traffic.failures, []);
    assert.deepEqual(traffic.bodies, ["<p>second</p>"]);

    await fs.writeFile(kraftfile, good);
    await project.write(PAGE, "<p>third</p>");
    assertSucceeded(await stack.up());
    assert.deepEqual(await httpGet(url), { status: 200, body: "<p>third</p>" });
    assert.deepEqual(stepsOf(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
  });

  it("keeps serving after the daemon is killed and restarted by an API call, without restarting a VM", async () => {
    const vms = await platform.virtualMachines();
    const restarts = async () => {
      const reply = await platform.client.getInstances({});
      return reply.items.map((item) => [item.name, item.state, item.start_count, item.restart_count]);
    };
    const before = await restarts();
    const served = await httpGet(url);
    process.kill((await platform.daemonPid()) ?? assert.fail("no daemon"), "SIGKILL");
    await eventually("the port is closed", async () => !(await isListening(port)));
    assert.deepEqual(await restarts(), before);
    assert.deepEqual([served.status, await httpGet(url)], [200, served]);
    assert.deepEqual(await platform.virtualMachines(), vms);
  });

  it("shows no drift after all that", async () => {
    assert.deepEqual(stepsOf(assertSucceeded(await stack.refresh({ expectNoChanges: true }))), []);
  });

  it("is destroyed completely", async () => {
    assertSucceeded(await stack.destroy());
    await platform.assertNothingLeft([port]);
  });
});
