/** Scheduled actions on instances, and autokill. */
import assert from "node:assert/strict";
import * as http from "node:http";
import { freePort } from "../../support/freePorts";
import { TestClock } from "../../support/testClock";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

const HOUR_MS = 3_600_000;

describe("an instance's schedules", () => {
  let platform: TestPlatform;
  let clock: TestClock;
  beforeEach(async () => {
    clock = new TestClock();
    platform = await TestPlatform.open();
    await platform.start({ clock });
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) =>
    platform.requestItem("POST", "/v1/instances", { image: "app:1", ...body });
  const schedule = (action: string, when = "hourly", more: Record<string, unknown> = {}) => ({
    schedules: [{ name: "one", when, action, ...more }],
  });
  const listed = async (): Promise<string[]> =>
    (await platform.api("GET", "/v1/instances")).items.map((item) => item.name);
  const untilListed = async (expected: readonly string[]): Promise<void> => {
    while ((await listed()).join() !== expected.join()) await new Promise((resolve) => setTimeout(resolve, 2));
  };

  it("start, stop and delete it on time", async () => {
    const asleep = await create({ name: "asleep", ...schedule("start") });
    const awake = await platform.createRunning({ name: "awake", ...schedule("stop") });
    await create({ name: "doomed", ...schedule("delete") });
    await create({ name: "later", ...schedule("start", "daily") });
    clock.advance(HOUR_MS);
    await platform.waitForItem(asleep.uuid, ({ state }) => state === "running");
    await platform.waitForItem(awake.uuid, ({ state }) => state === "stopped");
    await untilListed(["asleep", "awake", "later"]);
  });

  it("show their next time and repeat", async () => {
    const item = await create({ name: "a", ...schedule("start") });
    const [shown] = item["schedules"] as Record<string, string>[];
    const next = Date.parse(shown?.["next_at"] ?? "");
    assert.ok(next > Date.now() && next <= Date.now() + HOUR_MS && next % HOUR_MS === 0);
    for (const count of [1, 2]) {
      clock.advance(HOUR_MS);
      await platform.waitForItem(
        item.uuid,
        ({ state, start_count }) => state === "running" && Number(start_count) >= count,
      );
      await platform.api("PUT", "/v1/instances/stop", [{ uuid: item.uuid, force: true }]);
      await platform.waitForItem(item.uuid, ({ state }) => state === "stopped");
    }
  });

  it("can be added and removed at any time", async () => {
    const { uuid } = await platform.createRunning({ name: "a" });
    const patch = (op: string, value: unknown) =>
      platform.requestItem("PATCH", "/v1/instances", [{ uuid, prop: "schedules", op, value }]);
    await patch("add", schedule("stop").schedules);
    await patch("add", [{ name: "two", when: "hourly", action: "delete" }]);
    await patch("del", "two");
    clock.advance(HOUR_MS);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.deepEqual(await listed(), ["a"]);
  });

  it("do not delete a locked instance", async () => {
    await create({ name: "kept", ...schedule("delete") });
    const lock = { name: "kept", prop: "delete_lock", op: "set", value: true };
    await platform.requestItem("PATCH", "/v1/instances", [lock]);
    const { uuid } = await create({ name: "witness", ...schedule("start") });
    clock.advance(HOUR_MS);
    await platform.waitForItem(uuid, ({ state }) => state === "running");
    assert.deepEqual(await listed(), ["kept", "witness"]);
  });

  it("continue after the daemon is killed", async () => {
    const { uuid } = await create({ name: "a", ...schedule("start") });
    platform.daemon.simulateKill();
    await platform.start({ clock });
    clock.advance(HOUR_MS);
    await platform.waitForItem(uuid, ({ state }) => state === "running");
  });

  it("are rejected if their time is invalid or this platform does not support them", async () => {
    const refused: [Record<string, unknown>, number][] = [
      [schedule("start", "sometimes"), 7],
      [schedule("start", "*:0/90"), 7],
      [schedule("exec"), 7],
      [schedule("start", "daily", { args: ["/bin/x"] }), 7],
      [schedule("checkpoint", "daily"), 1],
      [{ schedules: [...schedule("start").schedules, ...schedule("stop").schedules] }, 7],
    ];
    for (const [body, code] of refused) {
      const item = await create({ name: "a", ...body });
      assert.equal(item["error"], code, item.message);
    }
    assert.deepEqual(await listed(), []);
  });

  it("have limited names, times and count", async () => {
    const nth = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `n${index}`, when: "daily", action: "start" }));
    for (const [schedules, code] of [
      [[{ name: "long", when: `${"1970/1,".repeat(40)}1970-1-1`, action: "start" }], 22],
      [[{ name: "n".repeat(256), when: "daily", action: "start" }], 22],
      [nth(65), 5],
    ] as const) {
      const { httpStatus, envelope: raw } = await platform.api("POST", "/v1/instances", { image: "app:1", schedules });
      assert.deepEqual([httpStatus, (raw["errors"] as { error: number }[])[0]?.error], [400, code]);
    }
    await create({ name: "a", schedules: nth(64) });
    const more = [{ name: "more", when: "daily", action: "start" }];
    const added = await platform.requestItem("PATCH", "/v1/instances", [
      { name: "a", prop: "schedules", op: "add", value: more },
    ]);
    assert.equal(added["error"], 5);
  });

  describe("with autokill", () => {
    const TIME = { autokill: { time_ms: HOUR_MS } };

    it("delete an instance some time after its stop, but not one that runs, is locked or was never started", async () => {
      const gone = await platform.createRunning({ name: "gone", ...TIME });
      await platform.createRunning({ name: "up", ...TIME });
      const kept = await platform.createRunning({ name: "locked", ...TIME });
      await create({ name: "new", ...TIME });
      const lock = (value: boolean) => ({ name: "locked", prop: "delete_lock", op: "set", value });
      await platform.requestItem("PATCH", "/v1/instances", [lock(true)]);
      for (const { uuid } of [gone, kept]) {
        await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
        await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      }
      clock.advance(HOUR_MS - 60_000);
      assert.deepEqual(await listed(), ["gone", "up", "locked", "new"]);
      clock.advance(61_000);
      await untilListed(["up", "locked", "new"]);
      await platform.requestItem("PATCH", "/v1/instances", [lock(false)]);
      await untilListed(["up", "new"]);
    });

    it("delete it even if the time passed while no daemon ran", async () => {
      const { uuid } = await platform.createRunning({ name: "gone", ...TIME });
      await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      platform.daemon.simulateKill();
      clock.advance(2 * HOUR_MS);
      await platform.start({ clock });
      await untilListed([]);
    });

    it("delete a template that no instance was created from for some time", async () => {
      await create({ name: "golden" });
      await platform.requestItem("POST", "/v1/instances/templates", [{ name: "golden", autokill: { time_ms: 1_000 } }]);
      clock.advance(2_000);
      const templates = async () => (await platform.api("GET", "/v1/instances/templates")).items.length;
      while ((await templates()) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    });

    for (const keepAlive of [false, true]) {
      it(`delete it after its last allowed request, which still gets its response (connections ${keepAlive ? "kept" : "closed"})`, async () => {
        const port = await freePort();
        let answered = 0;
        const server = http.createServer((_request, response) => {
          setTimeout(() => response.end(String(++answered)), 20); // so that the last one is in flight when it is counted
        });
        platform.guests.set("three", {
          ...webGuest("three"),
          serve: (socket) => void server.emit("connection", socket),
        });
        await platform.createRunning({
          ...{ name: "three", autokill: { num_requests: 3 } },
          service_group: { services: [{ port }] },
        });
        const agent = new http.Agent({ keepAlive, maxSockets: 1 });
        const texts: string[] = [];
        for (let request = 0; request < 3; request++) {
          texts.push((await sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, agent)).text);
          if (request < 2) assert.deepEqual(await listed(), ["three"]);
        }
        assert.deepEqual(texts, ["1", "2", "3"]);
        await untilListed([]);
        agent.destroy();
        const services = async () => (await platform.api("GET", "/v1/services")).items.length;
        while ((await services()) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      });
    }

    it("keep the request count across a daemon restart", async () => {
      const port = await freePort();
      await platform.createRunning({
        ...{ name: "two", autokill: { num_requests: 2 } },
        service_group: { services: [{ port }] },
      });
      const get = () => sendHttp(`http://127.0.0.1:${port}/`, "GET", { connection: "close" });
      await get();
      platform.daemon.simulateKill();
      await platform.start({ clock });
      await get();
      await untilListed([]);
    });
  });
});
