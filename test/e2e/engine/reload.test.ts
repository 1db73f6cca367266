/** Configuration that no template names: real gateways load it again, each by its own request or by a restart. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { itInComplete } from "../../support/form";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { SteadyLoad } from "../../support/steadyLoad";

const REPLICAS = 3;
const PER_SECOND = 50;
const SECRET = "s3cret-key";
const RELOAD = {
  path: "/reload",
  method: "POST",
  headers: { "X-Key": SECRET },
  expect: { match: { "$.status": "ok" } },
};

describe("a changed reloadOn", function () {
  this.timeout(600_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let port: number;

  before(async () => {
    platform = await LocalPlatform.open();
    await putGoGuest({ guest: "slowGateway", repository: "slow-gateway" });
    project = await TestProject.copy("examples/quickstart");
    await fs.rm(`${project.folder}/site`, { recursive: true });
    port = await freePort();
    stack = project.stack({});
  });
  after(async () => {
    await stack.destroy();
    await project.remove();
    await platform.close();
  });

  /** The program, with this configuration. Without `reload`, the gateways are restarted. */
  const write = (configuration: string, reload: object | null = RELOAD) =>
    project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       new unikernel.Service("gateway", {
         ports: [{ port: ${port}, destinationPort: 8080 }],
         softLimit: 2000,
         hardLimit: 2000,
         replicas: ${REPLICAS},
         template: {
           image: "slow-gateway",
           memoryMb: 192,
           env: { SERVE_AFTER_MS: "300", HEALTHY_AFTER_MS: "600" },
           scaleToZero: { policy: "on", cooldownTimeMs: 1000, stateful: true },
         },
         reloadOn: [${JSON.stringify(configuration)}],
         ${reload === null ? "" : `reload: ${JSON.stringify(reload)},`}
         rollout: {
           healthyWithinMs: 20_000,
           gate: { path: "/hello", match: { "$.status": "pass" }, intervalMs: 100 },
         },
       });`,
    );

  /** The members, in the order of the group. */
  const members = async () => {
    const { items } = await platform.client.getServices({});
    const uuids = (items[0]?.instances ?? []).map(({ uuid }) => uuid);
    return uuids.length === 0 ? [] : (await platform.client.getInstances({ query: { uuid: uuids } })).items;
  };
  const ask = async (uuid: string, path: string): Promise<string> => {
    const body = [{ uuid, port: 8080, path, method: "POST" as const, headers: {}, timeout_ms: 20_000 }];
    const { items } = await platform.client.requestInstances({ body }, { serverWaitMs: 20_000 });
    assert.equal(items[0]?.http_status, 200, JSON.stringify(items));
    return items[0].body ?? "";
  };
  /** How often each gateway has loaded its configuration again, by its own count. */
  const reloads = async () =>
    Object.fromEntries(
      await Promise.all(
        (await members()).map(async ({ uuid }) => [uuid, Number(await ask(uuid, "/reloads"))] as const),
      ),
    );
  const everyone = (uuids: readonly string[], count: number) => Object.fromEntries(uuids.map((uuid) => [uuid, count]));

  it("starts gateways, which have loaded it", async () => {
    await write("one");
    assertSucceeded(await stack.up());
    const uuids = (await members()).map(({ uuid }) => uuid);
    assert.equal(uuids.length, REPLICAS);
    assert.deepEqual(await reloads(), everyone(uuids, 0));
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview())), []);
  });

  it("asks each gateway once, also those that sleep, and replaces none", async () => {
    const uuids = (await members()).map(({ uuid }) => uuid);
    await eventually("all sleep", async () => (await members()).every(({ state }) => state === "standby"));
    await write("two");
    const preview = assertSucceeded(await stack.preview());
    assert.match(preview.output, /the update will reload 3 replicas by POST \/reload, one at a time/);
    const beganMs = performance.now();
    const { output } = assertSucceeded(await stack.up());
    console.log(`      three sleepers in ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
    assert.match(output, /gateway\S* \(sha256:[0-9a-f]+\) reloaded: 3 of 3/);
    assert.ok(!output.includes(SECRET), "the secret is in the output");
    assert.deepEqual(await reloads(), everyone(uuids, 1));
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview({ refresh: true }))), []);
  });

  it("fails no request under load", async () => {
    await write("three");
    const load = new SteadyLoad(`http://127.0.0.1:${port}/`, PER_SECOND);
    const outcome = await stack.up();
    const { requests, rate, outcomes, gapMs } = await load.stop();
    console.log(
      `      ${requests} requests, ${rate.toFixed(0)} per second: ${JSON.stringify(outcomes)}; longest time without a response ${gapMs.toFixed(0)} ms`,
    );
    assertSucceeded(outcome);
    assert.deepEqual(outcomes, { 200: requests });
    assert.deepEqual(Object.values(await reloads()), [2, 2, 2]);
  });

  itInComplete("fails at the gateway that refuses, names it, and continues with that one only", async () => {
    const uuids = (await members()).map(({ uuid }) => uuid);
    const refusing = (await members()).at(-1);
    assert.ok(refusing !== undefined);
    await ask(refusing.uuid, "/refuse?status=500");
    await write("four");
    const { exitCode, output } = await stack.up();
    assert.notEqual(exitCode, 0);
    assert.ok(
      output.replace(/\s+/g, " ").includes(` failed at instance '${refusing.name}': /reload returned HTTP 500`),
      output,
    );
    assert.match(output, /2 of 3 replicas have the new configuration/);
    assert.match(output, /answered the reload with: refused, as it was told to/);
    assert.deepEqual(await reloads(), { ...everyone(uuids, 3), [refusing.uuid]: 2 });

    const preview = assertSucceeded(await stack.preview());
    assert.match(
      preview.output,
      /finish the reload: 1 of 3 still has the previous configuration; reload 1 replica by POST \/reload/,
    );
    await ask(refusing.uuid, "/refuse?status=0");
    assertSucceeded(await stack.up());
    assert.deepEqual(await reloads(), everyone(uuids, 3));
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview())), []);
  });

  it("restarts the gateways without a request that reloads them, and fails no request under load", async () => {
    const before = (await members()).map(({ uuid }) => uuid);
    await write("five", null);
    const load = new SteadyLoad(`http://127.0.0.1:${port}/`, PER_SECOND);
    const outcome = await stack.up();
    const { requests, rate, outcomes, gapMs } = await load.stop();
    console.log(
      `      restart: ${requests} requests, ${rate.toFixed(0)} per second: ${JSON.stringify(outcomes)}; longest time without a response ${gapMs.toFixed(0)} ms`,
    );
    const { output } = assertSucceeded(outcome);
    assert.match(
      output,
      /will restart 3 replicas \(rolling\): in 3 batches of 1, at most 4 at once, at least 3 serving/,
    );
    assert.deepEqual(outcomes, { 200: requests });
    const after = (await members()).map(({ uuid }) => uuid);
    assert.ok(after.length === REPLICAS && after.every((uuid) => !before.includes(uuid)), after.join());
    assert.deepEqual(changingSteps(assertSucceeded(await stack.preview({ refresh: true }))), []);
  });
});
