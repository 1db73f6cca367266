/** Every strategy under load, with a gateway that opens its port 3 s before it serves and whose health says nothing for 10 s. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Stack, assertSucceeded } from "../../support/engine";
import { firstOrAll } from "../../support/form";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { type LoadResult, SteadyLoad } from "../../support/steadyLoad";

/** Requests per second on each of the two ports: the first that the machine bears without a rollout. */
const RATES = [200, 100, 50, 25, 10];

describe("a rollout of slow gateways under load", function () {
  this.timeout(600_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let plain: number;
  let tls: number;
  let version = 0;
  let rate = 0;

  before(async () => {
    platform = await LocalPlatform.open();
    await putGoGuest({ guest: "slowGateway", repository: "slow-gateway" });
    project = await TestProject.copy("examples/quickstart");
    await fs.rm(`${project.folder}/site`, { recursive: true });
    [plain, tls] = [await freePort(), await freePort()];
    stack = project.stack({});
  });
  after(async () => {
    await stack.destroy();
    await project.remove();
    await platform.close();
  });

  /** Runs `up` with a new version of the gateway. */
  const up = async (replicas: number, rollout: object) => {
    version += 1;
    const gate = { path: "/hello", match: { "$.status": "pass" }, intervalMs: 250 };
    await project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       new unikernel.Service("gateway", {
         ports: [
           { port: ${plain}, destinationPort: 8080 },
           { port: ${tls}, destinationPort: 8080, handlers: ["tls"] },
         ],
         softLimit: 2000,
         hardLimit: 2000,
         replicas: ${replicas},
         template: { image: "slow-gateway", memoryMb: 192, env: { VERSION: "${version}" } },
         rollout: ${JSON.stringify({ drainTimeoutMs: 30_000, ...rollout, gate })},
       });`,
    );
    return assertSucceeded(await stack.up());
  };

  /** Rolls under load on both ports, and prints what became of the requests. */
  async function rollUnderLoad(
    replicas: number,
    rollout: { readonly strategy: string },
  ): Promise<readonly LoadResult[]> {
    const loads = [
      new SteadyLoad(`http://127.0.0.1:${plain}/`, rate),
      new SteadyLoad(`https://127.0.0.1:${tls}/`, rate),
    ];
    const beganMs = performance.now();
    const outcome = await up(replicas, rollout).catch((error: unknown) => error);
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
    const results = await Promise.all(loads.map((load) => load.stop()));
    if (outcome instanceof Error) throw outcome;
    for (const [index, { requests, rate, outcomes, gapMs }] of results.entries())
      console.log(
        `      ${rollout.strategy} of ${replicas} in ${seconds} s, ${index === 0 ? "plain" : "TLS"}: ${requests} requests, ${rate.toFixed(0)} per second: ${JSON.stringify(outcomes)}; longest time without a response ${gapMs.toFixed(0)} ms`,
      );
    const { items } = await platform.client.getInstances({});
    assert.deepEqual(
      items.filter(({ state }) => state === "running").map(({ env }) => env?.["VERSION"]),
      Array.from({ length: replicas }, () => String(version)),
    );
    return results;
  }

  const assertNoFailure = (results: readonly LoadResult[]): void => {
    for (const { outcomes, requests, bodies } of results) {
      assert.deepEqual(outcomes, { 200: requests });
      assert.deepEqual(bodies, [`version ${version - 1}`, `version ${version}`]);
    }
  };

  it("is created, and bears a load with one replica, as during a rollout of two with one missing", async () => {
    await up(1, { strategy: "rolling" });
    assert.equal((await fetch(`http://127.0.0.1:${plain}/`)).status, 200);
    for (const candidate of RATES) {
      const loads = [`http://127.0.0.1:${plain}/`, `https://127.0.0.1:${tls}/`].map(
        (url) => new SteadyLoad(url, candidate),
      );
      await delay(10_000);
      const results = await Promise.all(loads.map((load) => load.stop()));
      const isBorne = results.every(
        ({ outcomes, requests, rate }) => outcomes[200] === requests && rate > candidate * 0.8,
      );
      console.log(`      ${candidate} requests per second on each port: ${isBorne ? "borne" : "too many"}`);
      if (!isBorne) continue;
      // Booting VMs take the same processors.
      rate = candidate / 2;
      break;
    }
    assert.ok(rate > 0, "the machine is too busy");
    await up(2, { strategy: "rolling" });
  });

  it("rolling: no request fails", async () => assertNoFailure(await rollUnderLoad(2, { strategy: "rolling" })));

  it("blueGreen: no request fails, and the old set is gone after it was kept", async () => {
    const rollout = { strategy: "blueGreen", keepOldForMs: 5_000 };
    assertNoFailure(await rollUnderLoad(2, rollout));
    await eventually("the platform deletes the old set", async () => {
      const { items } = await platform.client.getInstances({});
      return items.length === 2;
    });
  });

  it("canary: no request fails", async () => {
    const rollout = { strategy: "canary", steps: [{ count: 1, pauseMs: 3_000 }] };
    assertNoFailure(await rollUnderLoad(2, rollout));
  });

  it("inPlace of two: no request fails, and the members stay", async () => {
    const names = async () => (await platform.client.getInstances({})).items.map(({ name }) => name).sort();
    const before = await names();
    assertNoFailure(await rollUnderLoad(2, { strategy: "inPlace" }));
    assert.deepEqual(await names(), before);
  });

  for (const strategy of firstOrAll(["recreate", "inPlace"]))
    it(`${strategy} of one: connections are held, or get 503`, async () => {
      await up(1, { strategy: "rolling" });
      const results = await rollUnderLoad(1, { strategy });
      for (const { outcomes } of results)
        assert.deepEqual(
          Object.keys(outcomes).filter((outcome) => !["200", "503"].includes(outcome)),
          [],
        );
    });
});
