/**
 * Two stacks that manage one service roll it out at the same time, each from a process of its own, with real VMs.
 * `UNIKERNEL_TEST_ROLLS=50` is the complete form, `UNIKERNEL_TEST_SEED` chooses the moments.
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { type RollReply, RollingProcess } from "../../support/rollingProcess";
import { seededRandom } from "../../support/seededRandom";

const REPLICAS = 2;
const ROLLS = Number(process.env["UNIKERNEL_TEST_ROLLS"] ?? 4);
const SEED = Number(process.env["UNIKERNEL_TEST_SEED"] ?? Math.floor(Math.random() * 1_000_000));
/** The second rollout begins within this time of the first. Milliseconds. */
const MAX_DELAY_MS = 400;
const OBSERVE_EVERY_MS = 20;

const LIMITS = [
  { maxSurge: 1, maxUnavailable: 0 },
  { maxSurge: 0, maxUnavailable: 1 },
  { maxSurge: 1, maxUnavailable: 1 },
] as const;

describe(`two concurrent rollouts of one service, ${ROLLS} times, seed ${SEED}`, function () {
  this.timeout(1_800_000);
  let platform: LocalPlatform;
  let stacks: Readonly<Record<"prod" | "dev", RollingProcess>>;
  let id: string;
  let port: number;
  let digest: string;

  before(async () => {
    platform = await LocalPlatform.open();
    digest = await putGoGuest({ guest: "goServer", repository: "go-server" });
    port = await freePort();
    stacks = { prod: new RollingProcess("prod"), dev: new RollingProcess("dev") };
    const created = await stacks.prod.roll({ program: program("0", LIMITS[0]) });
    assert.equal(created.code, undefined, created.message);
    id = created.id;
  });
  after(async () => {
    await stacks.prod[Symbol.asyncDispose]();
    await stacks.dev[Symbol.asyncDispose]();
    await platform.close();
  });

  const program = (version: string, limits: object) => ({
    name: "web",
    ports: [{ port, destinationPort: 8080 }],
    replicas: REPLICAS,
    template: { image: `go-server@${digest}`, memoryMb: 128, env: { VERSION: version } },
    rollout: { ...limits, gate: { path: "/", port: 8080, intervalMs: 100 } },
  });
  const members = async () => (await platform.client.getInstances({})).items;

  /** Looks at the members until `isOver`. Returns the fewest that served and the most that existed. */
  async function observe(isOver: () => boolean): Promise<{ readonly fewest: number; readonly most: number }> {
    let [fewest, most] = [Infinity, 0];
    while (!isOver()) {
      const items = (await members()).filter(({ state }) => state !== undefined && state !== "deleted");
      fewest = Math.min(
        fewest,
        items.filter(({ state, readiness }) => state === "running" && readiness?.state === "passed").length,
      );
      most = Math.max(most, items.length);
      await delay(OBSERVE_EVERY_MS);
    }
    return { fewest, most };
  }

  const random = seededRandom(SEED);
  it("keeps the limits, rejects one with the name of the other, and the other's intent runs", async () => {
    const counts = { prod: 0, dev: 0 };
    let bounds = "";
    for (let round = 1; round <= ROLLS; round++) {
      const limits = LIMITS[Math.floor(random() * LIMITS.length)] ?? LIMITS[0];
      const order = random() < 0.5 ? (["prod", "dev"] as const) : (["dev", "prod"] as const);
      const delayMs = random() * MAX_DELAY_MS;
      let isOver = false;
      const observed = observe(() => isOver);
      const rolls = order.map(async (stack, index): Promise<RollReply> => {
        await delay(index * delayMs);
        return stacks[stack].roll({ id, program: program(`${stack} ${round}`, limits) });
      });
      const replies = await Promise.all(rolls);
      isOver = true;
      const { fewest, most } = await observed;
      const text = `round ${round}, ${JSON.stringify(limits)}, ${order.join(" then ")} after ${delayMs.toFixed(0)} ms`;
      const failed = replies.filter(({ code }) => code !== undefined);
      assert.equal(failed.length, 1, `${text}: ${JSON.stringify(replies)}`);
      const loserIndex = replies.findIndex(({ code }) => code !== undefined);
      const winner = order[1 - loserIndex] ?? "prod";
      assert.equal(failed[0]?.code, "ROLLOUT_LOCKED", `${text}: ${failed[0]?.message}`);
      const holder = `stack 'shop-${winner}', process ${stacks[winner].child.pid} on this machine, since 20`;
      assert.ok(failed[0].message?.includes(`Service 'web' is being rolled out by ${holder}`), failed[0].message);
      assert.deepEqual(
        (await members()).map(({ state, env }) => [state, env?.["VERSION"]]),
        Array.from({ length: REPLICAS }, () => ["running", `${winner} ${round}`]),
        text,
      );
      assert.ok(fewest >= REPLICAS - limits.maxUnavailable, `${text}: ${fewest} served`);
      assert.ok(most <= REPLICAS + limits.maxSurge, `${text}: ${most} existed`);
      const groups = (await platform.client.getServices({})).items.map(({ name }) => name);
      assert.deepEqual(groups, ["web"], text);
      counts[winner] += 1;
      bounds += ` ${fewest}-${most}`;
    }
    console.log(`      prod won ${counts.prod}, dev ${counts.dev} of ${ROLLS}; serving-existing at worst:${bounds}`);
  });
});
