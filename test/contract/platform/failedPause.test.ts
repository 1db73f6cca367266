/** Instances whose VM cannot be paused at first. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

const NOTICE = "It runs on while it sleeps, because it could not be paused: QEMU is busy";

describe("an instance whose VM cannot be paused", () => {
  let platform: TestPlatform;
  let port: number;
  /** When a pause was tried, in milliseconds. */
  let attemptsAtMs: number[];
  let failures: number;
  beforeEach(async () => {
    platform = await TestPlatform.open({ saveAfterMs: 20 });
    await platform.start();
    port = await freePort();
    attemptsAtMs = [];
    platform.vmm.memory.onPause = () => {
      attemptsAtMs.push(performance.now());
      if (attemptsAtMs.length <= failures) throw new Error("QEMU is busy");
    };
  });
  afterEach(() => platform.close());

  const sleeper = (): Promise<Item> =>
    platform.createRunning({
      name: "web",
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 10 },
      service_group: { services: [{ port }] },
    });
  const notices = async (uuid: string): Promise<unknown> => (await platform.instance(uuid))["memory_notice"];
  const untilNoticed = (uuid: string) => platform.waitForItem(uuid, (item) => item["memory_notice"] === NOTICE);

  it("says so, is paused later, and saved then", async () => {
    failures = 1;
    const { uuid } = await sleeper();
    assert.equal((await untilNoticed(uuid))["state"], "standby");
    await platform.waitForItem(uuid, (item) => item["memory_notice"] === undefined);
    while (platform.vmm.memory.saves === 0) await delay(5);
    const [first = 0, second = 0] = attemptsAtMs;
    assert.equal(attemptsAtMs.length, 2);
    assert.ok(second - first >= 995, `${second - first} ms later`);
  });

  it("wakes as usual, and is not paused while it is awake", async () => {
    failures = 1;
    const { uuid } = await sleeper();
    await untilNoticed(uuid);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    assert.equal(await answer.text(), "web");
    assert.equal(await notices(uuid), undefined);
    assert.equal((await platform.instance(uuid))["start_count"], 2);
  });

  it("is paused later also where it was suspended, which fails, and by the next daemon", async () => {
    failures = 2;
    const { uuid } = await platform.createRunning({ name: "plain" });
    const suspend = () => platform.requestItem("PUT", "/v1/instances/suspend", [{ uuid }]);
    assert.equal((await suspend())["status"], "error");
    assert.deepEqual([(await platform.instance(uuid))["state"], await notices(uuid)], ["stopped", NOTICE]);
    platform.daemon.simulateKill();
    await platform.start();
    await platform.waitForItem(uuid, (item) => item["memory_notice"] === undefined);
    assert.equal(attemptsAtMs.length, 3);
  });

  it("is not paused any more once it was deleted", async () => {
    failures = 1;
    const { uuid } = await sleeper();
    await untilNoticed(uuid);
    await platform.api("DELETE", "/v1/instances", [{ uuid }]);
    await delay(1_100);
    assert.equal(attemptsAtMs.length, 1);
  });
});
