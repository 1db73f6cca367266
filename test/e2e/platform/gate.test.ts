/** A gateway that opens its port 3 s before it serves, and whose health says nothing for 10 s, behind a readiness probe. */
import assert from "node:assert/strict";
import * as http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { BodyOf } from "../../../provider/contract/routes";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";

const PROBE = { http: { port: 8080, path: "/hello", match: { "$.status": "pass" } }, interval_ms: 250 };

/** The outcome of a request: its status, or why there was none. */
interface Outcome {
  readonly status: number | string;
  readonly retryAfter: string | undefined;
  readonly elapsedMs: number;
}

function get(port: number): Promise<Outcome> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const done = (status: number | string, retryAfter?: string): void =>
      resolve({ status, retryAfter, elapsedMs: performance.now() - begin });
    http
      .get({ host: "127.0.0.1", port, agent: false }, (response) => {
        response.resume().once("end", () => done(response.statusCode ?? 0, response.headers["retry-after"]));
      })
      .on("error", (error) => done(error.message));
  });
}

/** Requests at 20 per second for `ms`, all of them under way at once if they are held. The number of each status. */
async function load(port: number, ms: number): Promise<Readonly<Record<string, number>>> {
  const statuses: Record<string, number> = {};
  const all: Promise<void>[] = [];
  for (const end = performance.now() + ms; performance.now() < end; await delay(50)) {
    all.push(get(port).then(({ status }) => void (statuses[status] = (statuses[status] ?? 0) + 1)));
  }
  await Promise.all(all);
  return statuses;
}

describe("a slow gateway behind a readiness probe", function () {
  this.timeout(240_000);
  let platform: LocalPlatform;
  before(async () => {
    platform = await LocalPlatform.open();
    await putGoGuest({ guest: "slowGateway", repository: "slow-gateway" });
  });
  after(() => platform.close());
  afterEach(async () => {
    const { items } = await platform.client.getInstances({});
    const body = items.map(({ uuid = "" }) => ({ uuid }));
    if (body.length > 0) await platform.client.deleteInstances({ body }, { serverWaitMs: 30_000 });
  });

  async function create(more: Partial<BodyOf<"createInstance">>): Promise<{ port: number; uuid: string }> {
    const port = await freePort();
    const service_group = { services: [{ port, destination_port: 8080 }], soft_limit: 2000, hard_limit: 2000 };
    const { items } = await platform.client.createInstance(
      { body: { image: "slow-gateway", memory_mb: 192, autostart: true, timeout_s: 60, service_group, ...more } },
      { serverWaitMs: 60_000 },
    );
    assert.equal(items[0]?.status, "success", items[0]?.message);
    return { port, uuid: items[0]?.uuid ?? "" };
  }
  const find = async (uuid: string) => (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];

  it("answers with 404 without one", async () => {
    const { port } = await create({});
    const statuses = await load(port, 6_000);
    assert.ok(Number(statuses[404]) > 0, JSON.stringify(statuses));
  });

  it("answers no request with 404, at its first start and at each wake of a stateless sleeper", async () => {
    const { port, uuid } = await create({
      readiness_probe: PROBE,
      scale_to_zero: { policy: "on", cooldown_time_ms: 1_000, stateful: false },
    });
    for (let start = 1; start <= 3; start++) {
      const begin = performance.now();
      const statuses = await load(port, 13_000);
      console.log(`      start ${start}: ${JSON.stringify(statuses)} in ${Math.round(performance.now() - begin)} ms`);
      assert.deepEqual(Object.keys(statuses), ["200"]);
      const item = await find(uuid);
      assert.ok(Number(item?.readiness?.attempts ?? 99) > 10, JSON.stringify(item?.readiness));
      await eventually("the instance sleeps", async () => (await find(uuid))?.state === "standby");
    }
    assert.equal((await find(uuid))?.start_count, 3);
  });

  it("gives held connections 503 with Retry-After once they have waited as long as its probe allows", async () => {
    const { port, uuid } = await create({
      env: { HEALTHY_AFTER_MS: "-1" },
      readiness_probe: { ...PROBE, hold_timeout_ms: 2_000, start_period_ms: 3_000, failure_threshold: 3 },
    });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => get(port)));
    for (const { status, retryAfter, elapsedMs } of outcomes) {
      assert.deepEqual([status, retryAfter], [503, "1"]);
      assert.ok(elapsedMs >= 2_000 && elapsedMs < 10_000, `${elapsedMs} ms`);
    }
    await eventually("the probe has failed, and says why", async () => {
      const { state, reason } = (await find(uuid))?.readiness ?? {};
      return state === "failed" && reason === '/hello did not return "pass" at $.status';
    });
  });
});
