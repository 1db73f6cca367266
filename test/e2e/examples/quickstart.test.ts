/** examples/quickstart from `pulumi up` to `pulumi destroy`, under load during a rollout, with a killed daemon. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { assertSucceeded } from "../../support/engine";
import { ExampleProject, changesOf } from "../../support/exampleProject";
import { itInComplete } from "../../support/form";
import { LoadGenerator, httpGet } from "../../support/loadGenerator";
import { freePort } from "../../support/freePorts";
import { eventually, isListening } from "../../support/localPlatform";

const PAGE = "site/rootfs/www/index.html";
/** What another page changes. */
const CHANGED_PAGE = ["update GatewayImage site", "update Instance worker", "update Service web"];

/** Every file of the image layout with its modification time: equal lists mean that nothing was built. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(async (file) => `${file} ${(await fs.stat(file)).mtimeMs}`))).sort();
}

describe("examples: quickstart", function () {
  this.timeout(300_000);
  let example: ExampleProject;
  let port: number;
  let url: string;

  before(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    example = await ExampleProject.open("quickstart", {
      edits: [["index.ts", "port: 8080,", `port: ${port},`]],
      files: { [PAGE]: "<p>first</p>" },
      ports: [port],
    });
  });
  after(() => example.close());

  it("is previewed without starting or writing anything", async () => {
    assert.deepEqual(changesOf(assertSucceeded(await example.stack.preview())), [
      "create GatewayImage site",
      "create Instance worker",
      "create Service web",
      "create Stack quickstart-test",
      "create Volume data",
    ]);
    assert.deepEqual([await example.platform.daemonPid(), await example.platform.virtualMachines()], [undefined, []]);
  });

  it("is created and serves the page on the first request", async () => {
    const { outputs } = await example.up();
    assert.equal(`${String(outputs["url"])}/`, url);
    assert.deepEqual(await httpGet(url), { status: 200, body: "<p>first</p>" });
    assert.equal((await example.platform.virtualMachines()).length, 3);
  });

  it("changes and builds nothing on the second run and reports so", async () => {
    const images = path.join(example.platform.folder, "images");
    const before = [await filesOf(images), await example.platform.virtualMachines()];
    assert.match((await example.secondUpIsEmpty()).output, /unchanged/);
    assert.deepEqual([await filesOf(images), await example.platform.virtualMachines()], before);
  });

  it("shows a changed file at preview as a change of image and service", async () => {
    await example.apply({ files: { [PAGE]: "<p>second</p>" } });
    assert.deepEqual(changesOf(assertSucceeded(await example.stack.preview())), CHANGED_PAGE);
  });

  it("rolls both replicas without a failed request while a client requests in a loop", async () => {
    const before = await example.platform.virtualMachines();
    const traffic = new LoadGenerator(url);
    await eventually("requests succeed", () => traffic.requests > 10);
    await example.change({}, CHANGED_PAGE);
    const requestsBefore = traffic.requests;
    await eventually("requests continue", () => traffic.requests > requestsBefore + 10);
    await traffic.stop();
    console.log(`      ${traffic.requests} requests during the rollout, ${traffic.failures.length} failed`);
    assert.deepEqual(traffic.failures, []);
    assert.deepEqual(traffic.bodies, ["<p>first</p>", "<p>second</p>"]);
    assert.deepEqual(await httpGet(url), { status: 200, body: "<p>second</p>" });
    const after = await example.platform.virtualMachines();
    assert.equal(after.length, 3);
    assert.deepEqual(
      after.filter((pid) => before.includes(pid)),
      [],
      "every VM was replaced",
    );
  });

  itInComplete("keeps the old replicas serving when a rollout fails, and continues with the next up", async () => {
    await example.apply({ files: { "site/rootfs/broken.sh": "#!/bin/sh\necho about to fail\nexit 3\n" } });
    const kraftfile = path.join(example.project.folder, "site/Kraftfile");
    const good = await fs.readFile(kraftfile, "utf8");
    await fs.writeFile(kraftfile, good.replace(/^cmd:.*$/m, 'cmd: ["/bin/sh", "/broken.sh"]'));

    const traffic = new LoadGenerator(url);
    const failed = await example.stack.up();
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
    await example.apply({ files: { [PAGE]: "<p>third</p>" } });
    await example.up();
    assert.deepEqual(await httpGet(url), { status: 200, body: "<p>third</p>" });
    await example.secondUpIsEmpty();
  });

  it("keeps serving after the daemon is killed and restarted by an API call, without restarting a VM", async () => {
    const vms = await example.platform.virtualMachines();
    const restarts = async () => {
      const reply = await example.platform.client.getInstances({});
      return reply.items.map((item) => [item.name, item.state, item.start_count, item.restart_count]);
    };
    const before = await restarts();
    const served = await httpGet(url);
    process.kill((await example.platform.daemonPid()) ?? assert.fail("no daemon"), "SIGKILL");
    await eventually("the port is closed", async () => !(await isListening(port)));
    assert.deepEqual(await restarts(), before);
    assert.deepEqual([served.status, await httpGet(url)], [200, served]);
    assert.deepEqual(await example.platform.virtualMachines(), vms);
  });

  it("shows no drift after all that", () => example.refreshFindsNothing());

  it("is destroyed completely", () => example.destroyLeavesNothing());
});
