/** Rollouts in waves over two metros: the real engine, two local platforms with VMs in memory. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type * as net from "node:net";
import { type OperationResult, type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import type { FakeGuest } from "../../support/fakeVmm";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { findProcessesIn, isEngine } from "../../support/processesIn";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

const BAKE_MS = 3_000;

/** What the program of a test says. */
interface Program {
  readonly version: string;
  readonly onFailure?: "stop" | "rollback";
}

/**
 * A gateway whose version says how it behaves: `exits` ends at once, `fails-in-west` answers its health check with 500 in metro west, once
 * it has been ready.
 */
function gateway(metro: string, version: string): FakeGuest {
  const server = http.createServer((request, response) => {
    const fails = request.url === "/status" && version.startsWith(`fails-in-${metro}`);
    response.writeHead(fails ? 500 : 200).end(version);
  });
  return {
    serve: (socket: net.Socket) => void server.emit("connection", socket),
    onStop: { kind: "exited", exitCode: 0 },
    ...(version.startsWith(`exits-in-${metro}`)
      ? { exits: { afterMs: 0, exit: { kind: "exited", exitCode: 1 } } }
      : {}),
  };
}

describe("a rollout in waves", function () {
  this.timeout(240_000);
  const metros = new Map<string, TestPlatform>();
  let project: TestProject;
  let stack: Stack;
  const ports = new Map<string, number>();

  before(async () => {
    project = await TestProject.copy("examples/quickstart");
    await fs.rm(`${project.folder}/site`, { recursive: true });
    for (const metro of ["east", "west"]) {
      const platform = await TestPlatform.open();
      platform.setDefaultGuest((_name, { env }) => gateway(metro, env["VERSION"] ?? ""));
      await platform.start();
      metros.set(metro, platform);
      ports.set(metro, await freePort());
    }
    // Without the option of the example that every update refreshes.
    await project.write("Pulumi.yaml", "name: waves\nruntime: nodejs\n");
    stack = project.stack({});
  });
  after(async () => {
    await stack.destroy();
    await project.remove();
    for (const platform of metros.values()) await platform.close();
  });

  async function write({ version, onFailure = "stop" }: Program): Promise<void> {
    const waves = [...metros].map(([metro, { daemon }]) => {
      const provider = `new unikernel.Provider("${metro}", { metro: "${daemon.url}", token: "${daemon.token}" })`;
      return `{ name: "${metro}", provider: ${provider}, service: { ports: [{ port: ${ports.get(metro)}, destinationPort: 8080 }] } }`;
    });
    await project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       new unikernel.RolloutWaves("gateway", {
         waves: [${waves.join(", ")}],
         service: {
           ports: [],
           replicas: 2,
           template: { image: "app:1", memoryMb: 64, env: { VERSION: "${version}" } },
           rollout: { drainTimeoutMs: 1_000, healthyWithinMs: 5_000 },
         },
         bakeTimeMs: ${BAKE_MS},
         gate: { path: "/status", intervalMs: 200, failureThreshold: 2 },
         onFailure: "${onFailure}",
       });`,
    );
  }
  const up = async (program: Program): Promise<OperationResult> => {
    await write(program);
    return stack.up();
  };
  /** What the clients of a metro get, one response per member. */
  const versionsIn = async (metro: string): Promise<readonly string[]> => {
    const { items = [] } = (await metros.get(metro)?.api("GET", "/v1/instances")) ?? {};
    return items.map(({ env }) => String((env as { VERSION?: string }).VERSION)).sort();
  };
  const assertRuns = async (east: string, west: string): Promise<void> => {
    assert.deepEqual(
      [await versionsIn("east"), await versionsIn("west")],
      [
        [east, east],
        [west, west],
      ],
    );
  };
  const namesOf = (result: OperationResult): readonly string[] =>
    changingSteps(result)
      .filter(({ kind }) => ["Service", "RolloutWave"].includes(kind))
      .map(({ op, kind, name }) => `${op} ${kind} ${name}`);
  /** When the replicas of a metro were created. */
  const createdAtMs = async (metro: string): Promise<readonly number[]> => {
    const { items = [] } = (await metros.get(metro)?.api("GET", "/v1/instances")) ?? {};
    return items.map(({ created_at: at }) => Date.parse(String(at)));
  };

  it("creates one wave after the other, with the bake in between", async () => {
    const result = assertSucceeded(await up({ version: "1" }));
    assert.deepEqual(namesOf(result), [
      "create Service gateway-east",
      "create RolloutWave gateway-east",
      "create Service gateway-west",
      "create RolloutWave gateway-west",
    ]);
    await assertRuns("1", "1");
  });

  it("finds nothing to do afterwards, without a wait", async () => {
    const beganMs = performance.now();
    const second = assertSucceeded(await stack.up({ expectNoChanges: true }));
    console.log(`      the second up took ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
    assert.deepEqual(namesOf(second), []);
  });

  it("bakes again after a bake that Ctrl-C ended, although a refresh finds the new replicas", async () => {
    await write({ version: "1b" });
    let printed = "";
    const running = project.stack({}, {}, { onOutput: (text) => (printed += text) }).up();
    await eventually("the first wave bakes", () => printed.includes("Wave 'east': will bake"));
    for (const pid of await findProcessesIn(project.folder, isEngine)) process.kill(pid, "SIGINT");
    const interrupted = await running;
    assert.equal(interrupted.succeeded, false);
    assert.match(interrupted.output, /ROLLOUT_STOPPED: Wave 'east' was cancelled while it baked/);
    await assertRuns("1b", "1");
    const refreshed = assertSucceeded(await stack.up({ refresh: true }));
    assert.deepEqual(
      namesOf(refreshed).filter((name) => name.endsWith("east")),
      ["update RolloutWave gateway-east"],
    );
    assert.match(refreshed.output, /Wave 'east': has passed\./);
    await assertRuns("1b", "1b");
  });

  it("updates the second metro only after the first has baked, as its preview says", async () => {
    const { output } = assertSucceeded(await up({ version: "2" }));
    assert.match(
      output,
      /RolloutWave 'gateway-east': wave 1 of 2 'east'; it will bake for 3 s, while \/status must pass the gate\./,
    );
    assert.match(
      output,
      /RolloutWave 'gateway-west': wave 2 of 2 'west' after wave 'east' has baked for 3 s; it will bake/,
    );
    const [east, west] = [await createdAtMs("east"), await createdAtMs("west")];
    const bakedMs = Math.min(...west) - Math.max(...east);
    console.log(`      west got its first replica ${bakedMs} ms after the last one of east; the bake is ${BAKE_MS} ms`);
    assert.ok(bakedMs >= BAKE_MS, `${bakedMs} ms`);
    await assertRuns("2", "2");
  });

  it("stops at the first wave when its new replicas do not start", async () => {
    const before = await createdAtMs("west");
    const result = await up({ version: "exits-in-east" });
    assert.equal(result.succeeded, false);
    assert.match(result.output, /ROLLOUT_FAILED/);
    await assertRuns("2", "2");
    assert.deepEqual(await createdAtMs("west"), before);
  });

  it("with stop: a gate that fails in the second wave reverts that wave alone, and says how to go on", async () => {
    const result = await up({ version: "fails-in-west" });
    assert.equal(result.succeeded, false);
    assert.match(
      result.output,
      /ROLLOUT_FAILED: Wave 'west' failed: service 'gateway-west': \/status returned HTTP 500 \(2 times in a row\)/,
    );
    await assertRuns("fails-in-west", "2");
    const again = await stack.up();
    assert.equal(again.succeeded, false);
    assert.match(again.output, /Wave 'west' was reverted: .*pulumi up --refresh/);
    await assertRuns("fails-in-west", "2");
  });

  it("goes on with another version after a refresh", async () => {
    await write({ version: "3" });
    assertSucceeded(await stack.up({ refresh: true }));
    await assertRuns("3", "3");
  });

  it("with rollback: a gate that fails in the second wave brings the first one back", async () => {
    const result = await up({ version: "fails-in-west-again", onFailure: "rollback" });
    assert.equal(result.succeeded, false);
    assert.match(result.output, /Wave 'east': service 'gateway-east' was reverted to sha256:/);
    await assertRuns("3", "3");
  });

  it("then runs nothing before a refresh, after which the preview says that the rollout is to be finished", async () => {
    const again = await stack.up();
    assert.equal(again.succeeded, false);
    assert.match(again.output, /Wave 'east' was reverted: .*pulumi up --refresh/);
    await assertRuns("3", "3");
    const refreshed = assertSucceeded(await stack.preview({ refresh: true }));
    assert.deepEqual([...namesOf(refreshed)].sort(), [
      "update RolloutWave gateway-east",
      "update RolloutWave gateway-west",
      "update Service gateway-east",
      "update Service gateway-west",
    ]);
  });

  it("with the program reverted and a refresh, rolls nothing out and does not bake", async () => {
    const before = [await createdAtMs("east"), await createdAtMs("west")];
    await write({ version: "3", onFailure: "rollback" });
    const result = assertSucceeded(await stack.up({ refresh: true, expectNoChanges: true }));
    assert.doesNotMatch(result.output, /RolloutWave gateway-\w+ updat/);
    assert.deepEqual([await createdAtMs("east"), await createdAtMs("west")], before);
  });

  it("with rollback: a replica that does not start in the second wave brings the first one back", async () => {
    const result = await up({ version: "exits-in-west", onFailure: "rollback" });
    assert.equal(result.succeeded, false);
    await assertRuns("3", "3");
    const again = await stack.preview();
    assert.equal(again.succeeded, false);
    assert.match(again.output, /Wave 'east' was reverted/);
  });
});
