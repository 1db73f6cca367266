/** Rollouts that end early: cancelled, killed or failed. The real engine, real VMs. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { firstOrAll } from "../../support/form";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { httpGet } from "../../support/loadGenerator";
import { findProcessesIn, isEngine } from "../../support/processesIn";
import { TestProject } from "../../support/project";

const PAGE = "site/rootfs/www/index.html";
const REPLICAS = 3;
/** When the engine is killed: after this many milliseconds of a locked rollout. */
const KILL_POINTS_MS = firstOrAll([800, 0, 2_500]);

const PROGRAM = (port: number): string => `import * as unikernel from "pulumi-unikernel";
const site = new unikernel.GatewayImage("site", { context: "./site" });
const web = new unikernel.Service("web", {
  ports: [{ port: ${port}, destinationPort: 8080 }],
  replicas: ${REPLICAS},
  template: { image: site, memoryMb: 128 },
});
export const url = web.url;
`;

describe("a rollout that ends early", function () {
  this.timeout(600_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let url: string;

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("examples/quickstart");
    const port = await freePort();
    await project.write("index.ts", PROGRAM(port));
    await project.write(PAGE, "<p>first</p>");
    stack = project.stack({});
    url = `http://127.0.0.1:${port}/`;
    assertSucceeded(await stack.up());
  });
  after(async () => {
    assertSucceeded(await stack.destroy());
    await project.remove();
    await platform.close();
  });

  const groups = async () => (await platform.client.getServices({})).items.map(({ name }) => name);
  const isLocked = async () => (await groups()).some((name) => name.startsWith("rollout-lock-"));
  const images = async () => (await platform.client.getInstances({})).items.map(({ image }) => image);
  const signalEngines = async (signal: NodeJS.Signals) => {
    const engines = await findProcessesIn(project.folder, isEngine);
    assert.ok(engines.length > 0, "an engine runs");
    for (const pid of engines) process.kill(pid, signal);
  };
  /** All replicas run one image, which answers with this page, and nothing else is left. */
  async function assertFinished(page: string): Promise<void> {
    assert.deepEqual(await httpGet(url), { status: 200, body: page });
    const running = await images();
    assert.deepEqual([running.length, new Set(running).size], [REPLICAS, 1]);
    assert.deepEqual([(await groups()).length, await isLocked()], [1, false]);
    assert.deepEqual(changingSteps(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
  }

  it("after the current step with the first Ctrl-C; the next up finishes it", async () => {
    await project.write(PAGE, "<p>second</p>");
    const before = new Set(await images());
    const running = stack.up();
    await eventually("a new replica exists", async () => (await images()).some((image) => !before.has(image)));
    const beganMs = Date.now();
    await signalEngines("SIGINT");
    const result = await running;
    console.log(`      ended ${Date.now() - beganMs} ms after Ctrl-C`);
    assert.equal(result.succeeded, false);
    assert.match(
      result.output,
      /ROLLOUT_STOPPED: The rollout of service 'web-[0-9a-f]{7}' was cancelled before its next step/,
    );
    assert.equal(await isLocked(), false);
    assert.ok(
      (await images()).some((image) => before.has(image)),
      "old replicas are left",
    );
    const preview = assertSucceeded(await stack.preview());
    assert.match(preview.output, /finish the roll: \d of \d still on sha256:[0-9a-f]{12}…/);
    assertSucceeded(await stack.up());
    await assertFinished("<p>second</p>");
  });

  for (const [round, delayMs] of KILL_POINTS_MS.entries()) {
    it(`when its engine is killed ${delayMs} ms into it; the next up finishes it`, async () => {
      const page = `<p>killed ${round}</p>`;
      await project.write(PAGE, page);
      const running = stack.up();
      await eventually("it is locked", isLocked);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await signalEngines("SIGKILL");
      assert.equal((await running).succeeded, false);
      await stack.cancel();
      assertSucceeded(await stack.up());
      await assertFinished(page);
    });
  }

  it("with a program that fails: the old replicas return, and the reverted program has nothing to do", async () => {
    const kraftfile = path.join(project.folder, "site/Kraftfile");
    const good = await fs.readFile(kraftfile, "utf8");
    await project.write("site/rootfs/broken.sh", "#!/bin/sh\necho about to fail\nexit 3\n");
    await fs.writeFile(kraftfile, good.replace(/^cmd:.*$/m, 'cmd: ["/bin/sh", "/broken.sh"]'));
    const before = await images();
    const failed = await stack.up();
    assert.equal(failed.succeeded, false);
    assert.match(failed.output, /ROLLOUT_FAILED: .* failed and was rolled back\. 3 old replicas serving as before\./);
    assert.match(failed.output, /\| about to fail/);
    assert.deepEqual(await images(), before);
    const unchanged = assertSucceeded(await stack.preview());
    assert.match(unchanged.output, /3 of 3 still on sha256:[0-9a-f]{12}…/);
    await fs.writeFile(kraftfile, good);
    await fs.rm(path.join(project.folder, "site/rootfs/broken.sh"));
    assert.deepEqual(
      changingSteps(assertSucceeded(await stack.up())).filter(({ urn }) => urn.endsWith("::web")),
      [],
    );
    await assertFinished(`<p>killed ${KILL_POINTS_MS.length - 1}</p>`);
  });
});
