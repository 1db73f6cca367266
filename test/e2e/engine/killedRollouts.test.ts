/**
 * The engine is killed at random points of a rollout of real VMs; the next `up` finishes it. `UNIKERNEL_TEST_KILLS=20` is the complete
 * form, `UNIKERNEL_TEST_SEED` chooses the points.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { findProcessesIn, hasConnection, isEngine, isProvider } from "../../support/processesIn";
import { TestProject } from "../../support/project";
import { seededRandom } from "../../support/seededRandom";

const REPLICAS = 3;
const KILLS = Number(process.env["UNIKERNEL_TEST_KILLS"] ?? 2);
const SEED = Number(process.env["UNIKERNEL_TEST_SEED"] ?? Math.floor(Math.random() * 1_000_000));
/** How long a provider may keep a connection after its engine is gone. */
const MAX_ORPHAN_MS = 15_000;

const ROLLOUTS = [
  { strategy: "rolling" },
  { strategy: "rolling", maxSurge: 0, maxUnavailable: 1 },
  { strategy: "blueGreen" },
  { strategy: "blueGreen", keepOldForMs: 3_000 },
  { strategy: "canary", steps: [{ count: 1, pauseMs: 1_000 }] },
  { strategy: "inPlace" },
] as const;

describe(`an engine killed ${KILLS} times during a rollout, seed ${SEED}`, function () {
  this.timeout(1_800_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let port: number;
  let digest: string;
  let version = 0;

  before(async () => {
    platform = await LocalPlatform.open();
    digest = await putGoGuest({ guest: "goServer", repository: "go-server" });
    project = await TestProject.copy("examples/quickstart");
    await fs.rm(`${project.folder}/site`, { recursive: true });
    port = await freePort();
    stack = project.stack({}, {}, { leavesOrphans: true });
    await write(ROLLOUTS[0]);
    assertSucceeded(await stack.up());
  });
  after(async () => {
    await stack.destroy();
    await project.remove();
    await platform.close();
  });

  /** Writes the program with a new version. */
  async function write(rollout: object): Promise<void> {
    version += 1;
    await project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       new unikernel.Service("web", {
         ports: [{ port: ${port}, destinationPort: 8080 }],
         replicas: ${REPLICAS},
         template: { image: "go-server@${digest}", memoryMb: 128, env: { VERSION: "${version}" } },
         rollout: ${JSON.stringify(rollout)},
       });`,
    );
  }

  const instances = async () => (await platform.client.getInstances({})).items;
  const groups = async () => (await platform.client.getServices({})).items.map(({ name }) => name);
  const isLocked = async () => (await groups()).some((name) => name.startsWith("rollout-lock-"));

  /** Begins a rollout and waits until it holds its lock. */
  async function beginRollout(rollout: object) {
    await write(rollout);
    const running = stack.up();
    await eventually("it is locked", isLocked);
    return { running, lockedAtMs: performance.now() };
  }

  /** Every member is as requested and nothing else is left, once what `blueGreen` keeps is gone. */
  async function assertFinished(): Promise<void> {
    const expected = { image: digest, state: "running", version: String(version), restarts: 0 };
    await eventually("kept members are gone", async () => (await instances()).length <= REPLICAS, 15_000);
    assert.deepEqual(
      (await instances()).map(({ image = "", state, env, restart_count: restarts = 0 }) => ({
        ...{ image: image.split("@")[1], state, version: env?.["VERSION"], restarts },
      })),
      Array.from({ length: REPLICAS }, () => expected),
    );
    assert.equal((await groups()).length, 1, (await groups()).join());
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "served by Go\n");
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview())), []);
  }

  const random = seededRandom(SEED);
  let spanMs = 0;

  it("takes some time without a kill", async () => {
    const { running, lockedAtMs } = await beginRollout(ROLLOUTS[0]);
    assertSucceeded(await running);
    spanMs = performance.now() - lockedAtMs;
    console.log(`      ${spanMs.toFixed(0)} ms from the lock to the end of the engine`);
    await assertFinished();
  });

  for (let round = 1; round <= KILLS; round++) {
    const rollout = ROLLOUTS[Math.floor(random() * ROLLOUTS.length)] ?? ROLLOUTS[0];
    const share = random();
    it(`${round}: ${JSON.stringify(rollout)}, after ${(share * 100).toFixed(0)} % of that time`, async () => {
      const { running } = await beginRollout(rollout);
      await delay(share * spanMs);
      const engines = await findProcessesIn(project.folder, isEngine);
      const killedAtMs = performance.now();
      for (const pid of engines) process.kill(pid, "SIGKILL");
      const { succeeded } = await running;
      const orphans = () => findProcessesIn(project.folder, isProvider);
      const areSilent = async () => (await Promise.all((await orphans()).map(hasConnection))).every((has) => !has);
      await eventually("no provider has a connection", areSilent, MAX_ORPHAN_MS);
      const orphanedMs = performance.now() - killedAtMs;
      // The engine also starts a provider process that it never calls. It knows nothing of this package, and waits for ever.
      const idle = await orphans();
      for (const pid of idle) process.kill(pid, "SIGKILL");
      const left = (await instances()).map(({ state, env }) => `${env?.["VERSION"]} ${state}`).join(", ");
      if (!succeeded) await stack.cancel();
      assertSucceeded(await stack.up());
      console.log(
        `      ${succeeded ? "had ended" : "killed"}; providers silent within ${orphanedMs.toFixed(0)} ms, ${idle.length} left that were never called; members then: ${left}`,
      );
      await assertFinished();
    });
  }
});
