/** Rollouts that fail under load: the clients notice nothing, the next preview tells the truth, and one `up` repairs. */
import assert from "node:assert/strict";
import * as net from "node:net";
import { type OperationResult, assertSucceeded, changingSteps } from "../../support/engine";
import { itInComplete } from "../../support/form";
import { type GatewayProgram, GatewayFleet } from "../../support/gatewayFleet";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import type { LoadResult } from "../../support/steadyLoad";

/** Requests per second on each of the two ports: half of what a shared machine with two processors bears. */
const RATE = 50;
/** The members that are to work need not be slow. */
const FAST = { HEALTHY_AFTER_MS: "4000" };
/** The address of this machine, as guests reach it. */
const HOST = "host.internal";

/** A server that answers as Redis does to PING. */
async function startRedis(): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined).on("data", () => socket.write("+PONG\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const EXITED = /Instance 'gateway-\S+' stopped: the program exited with code 1, again after 2 restarts/;
const UNHEALTHY = /Instance 'gateway-\S+' was not ready within 15 s: \/hello did not return "pass" at \$\.status/;

function printLoads(what: string, { durationMs }: OperationResult, loads: readonly LoadResult[]): void {
  for (const [index, { requests, outcomes, gapMs }] of loads.entries())
    console.log(
      `      ${what}, ${(durationMs / 1000).toFixed(0)} s, ${index === 0 ? "plain" : "TLS"}: ${requests} requests: ${JSON.stringify(outcomes)}; longest time without a response ${gapMs.toFixed(0)} ms`,
    );
}

describe("a rollout of slow gateways that fails under load", function () {
  this.timeout(600_000);
  let platform: LocalPlatform;
  let fleet: GatewayFleet;
  let redis: net.Server;
  let redisAddress: string;
  /** The last program that succeeded. */
  let good: GatewayProgram;
  let version = 0;
  const digests: Record<string, string> = {};

  before(async () => {
    platform = await LocalPlatform.open();
    redis = await startRedis();
    redisAddress = `${HOST}:${(redis.address() as net.AddressInfo).port}`;
    const guest = { guest: "slowGateway", repository: "slow-gateway" };
    digests["good"] = await putGoGuest(guest);
    digests["exits"] = await putGoGuest({ ...guest, tag: "exits", env: { EXIT_AFTER_MS: "0" } });
    digests["unhealthy"] = await putGoGuest({ ...guest, tag: "unhealthy", env: { HEALTHY_AFTER_MS: "-1" } });
    fleet = await GatewayFleet.create();
    await succeed({});
  });
  after(async () => {
    await fleet.remove();
    redis.close();
    await platform.close();
  });

  const members = async () =>
    (await platform.client.getInstances({})).items
      .map(({ name, image = "", state, env }) => ({
        name,
        digest: image.split("@")[1],
        state,
        version: env?.["VERSION"],
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const groups = async () => (await platform.client.getServices({})).items.map(({ name }) => name);

  /** A program with a new version; the fields given here are its own. */
  const next = ({ env = {}, ...rest }: Partial<GatewayProgram>): GatewayProgram => {
    version += 1;
    return { ...rest, env: { VERSION: String(version), DEPENDENCY: redisAddress, ...env } };
  };

  /** One ordinary `up` brings every member to a new version. */
  async function succeed(program: Partial<GatewayProgram>): Promise<OperationResult> {
    good = next({ ...program, env: { ...FAST, ...program.env } });
    await fleet.write(good);
    const result = assertSucceeded(await fleet.stack.up());
    const expected = { digest: digests["good"], state: "running", version: String(version) };
    assert.deepEqual(
      (await members()).map(({ name: _, ...rest }) => rest),
      Array.from({ length: 2 }, () => expected),
    );
    assert.equal((await groups()).length, 1);
    return result;
  }

  const assertEmpty = (result: OperationResult): void => assert.deepEqual(changingSteps(assertSucceeded(result)), []);

  /** Updates under load to a program that cannot work, and checks everything that follows. */
  async function failAndRepair(what: string, bad: Partial<GatewayProgram>, cause: RegExp): Promise<void> {
    const stillOnOld = new RegExp(
      `2 of 2 still ${bad.image?.includes("@") === true ? "" : "with the old template, "}on ${digests["good"]?.slice(0, 19)}…`,
    );
    const before = await members();
    const oldVersion = good.env["VERSION"];
    await fleet.write(next(bad));
    const { outcome: failed, loads } = await fleet.underLoad(RATE, () => fleet.stack.up());
    printLoads(what, failed, loads);
    assert.deepEqual([failed.succeeded, failed.exitCode === 0], [false, false], failed.output);
    assert.match(failed.output, /ROLLOUT_FAILED: .* failed and was rolled back\. 2 old replicas serving as before\./);
    assert.match(failed.output, cause);
    // A rollback launches what it cannot keep, also `inPlace`: then the names are new.
    const nameless = (all: typeof before) => all.map(({ name: _, ...rest }) => rest);
    const isInPlace = what.startsWith("inPlace");
    const restored = await members();
    assert.deepEqual(isInPlace ? nameless(restored) : restored, isInPlace ? nameless(before) : before);
    assert.equal((await groups()).length, 1);
    for (const { requests, outcomes, bodies } of loads) {
      assert.ok(requests > 20, `${requests} requests`);
      assert.deepEqual(outcomes, { 200: requests });
      assert.deepEqual(bodies, [`version ${oldVersion}`]);
    }

    const unchanged = assertSucceeded(await fleet.stack.preview());
    assert.match(unchanged.output, stillOnOld);
    await fleet.write(good);
    assertEmpty(await fleet.stack.preview());
    await succeed({});
  }

  it("an image whose gateway exits at once: rolled back, then repaired", () =>
    failAndRepair("exits at once", { image: `slow-gateway@${digests["exits"]}` }, EXITED));

  itInComplete("an image whose gateway never becomes healthy: rolled back, then repaired", () =>
    failAndRepair(
      "never healthy",
      { image: "slow-gateway:unhealthy", rollout: { healthyWithinMs: 15_000 } },
      UNHEALTHY,
    ),
  );

  it("a wrong address of Redis: rolled back, then repaired", async () =>
    failAndRepair(
      "wrong Redis address",
      { env: { DEPENDENCY: `${HOST}:${await freePort()}` }, rollout: { healthyWithinMs: 15_000 } },
      UNHEALTHY,
    ));

  itInComplete("inPlace with an image whose gateway exits at once: rolled back, then repaired", () =>
    failAndRepair("inPlace, exits at once", { image: "slow-gateway:exits", rollout: { strategy: "inPlace" } }, EXITED),
  );

  /** Makes the gateway that gets this request exit. */
  const crash = () => fetch(`http://127.0.0.1:${fleet.ports.plain}/crash`).catch(() => undefined);

  it("blueGreen whose new set loses a member after the cut-over: the old set returns", async () => {
    await succeed({});
    // An unfinished request keeps an old member from stopping.
    const unfinished = net.connect(fleet.ports.plain, "127.0.0.1", () => unfinished.write("GET / HTTP/1.1\r\nHost: a"));
    unfinished.on("error", () => undefined);
    const old = good.env["VERSION"];
    await fleet.write(next({ env: FAST, template: { restartPolicy: "never" }, rollout: { strategy: "blueGreen" } }));
    const isCutOver = async () => {
      const { items } = await platform.client.getInstances({});
      return items.some(({ env, rotation }) => env?.["VERSION"] === String(version) && rotation === "in");
    };
    const { outcome: failed, loads } = await fleet.underLoad(RATE, async () => {
      const running = fleet.stack.up();
      await eventually("the cut-over", isCutOver, 180_000);
      await crash();
      return running;
    });
    unfinished.destroy();
    printLoads("blueGreen, crash after the cut-over", failed, loads);
    assert.equal(failed.succeeded, false);
    assert.match(failed.output, /ROLLOUT_FAILED: .* failed and was rolled back\. 2 old replicas serving as before\./);
    assert.deepEqual(
      (await platform.client.getInstances({})).items.map(({ env, state, rotation }) => [
        env?.["VERSION"],
        state,
        rotation,
      ]),
      [1, 2].map(() => [old, "running", "in"]),
    );
    // Requests that reach the crashed gateway before its VM has ended are lost with it: those of a moment.
    for (const { requests, outcomes } of loads) {
      const resets = Object.entries(outcomes).filter(([outcome]) => /ECONNRESET|^socket hang up$/.test(outcome));
      const lost = resets.reduce((sum, [, count]) => sum + count, 0);
      assert.deepEqual([outcomes[200], lost < RATE / 2], [requests - lost, true]);
    }
    await fleet.write(good);
    assertEmpty(await fleet.stack.preview());
    await succeed({});
  });

  it("a fleet whose members are all broken is repaired by one up, also after an update that failed", async () => {
    const template = { restartPolicy: "never" };
    await succeed({ template });
    const areDown = async () => (await members()).every(({ state }) => state === "stopped");
    const breakAll = () => eventually("both have crashed", async () => (await crash(), areDown()));
    await breakAll();
    await succeed({ template });
    await breakAll();
    await fleet.write(next({ image: "slow-gateway:exits", template }));
    const failed = await fleet.stack.up();
    assert.equal(failed.succeeded, false);
    assert.match(failed.output, /There is nothing to roll back to: every replica was broken before/);
    await succeed({ template });
  });
});
