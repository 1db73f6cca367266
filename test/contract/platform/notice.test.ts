/** The notice before standby, which a guest gets through its agent. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { NoticeResult } from "../../../provider/platform/vmm/vmm";
import { freePort } from "../../support/freePorts";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

const COOLDOWN_MS = 800;
const NOTIFY_MS = 600;
const SCALE_TO_ZERO = { policy: "on", stateful: true, cooldown_time_ms: COOLDOWN_MS, notify_time_ms: NOTIFY_MS };

describe("the notice before standby", () => {
  let platform: TestPlatform;
  let port: number;
  /** When the guest was warned, in milliseconds. */
  let noticesAtMs: number[];
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    port = await freePort();
    noticesAtMs = [];
  });
  afterEach(() => platform.close());

  function addGuest(name: string, result: Promise<NoticeResult> | NoticeResult): void {
    const notify = () => {
      noticesAtMs.push(performance.now());
      return result;
    };
    platform.guests.set(name, { ...webGuest(name), notify });
  }
  const running = (name: string, scale_to_zero: Record<string, unknown>) =>
    platform.createRunning({ name, scale_to_zero, service_group: { services: [{ port }] } });
  /** A request on a connection of its own, which ends with it. */
  const get = () => sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, new http.Agent());
  const untilStandby = (uuid: string) => platform.waitForItem(uuid, ({ state }) => state === "standby");
  const untilNoticed = async (count: number): Promise<void> => {
    while (noticesAtMs.length < count) await delay(5);
  };
  const log = () => fs.readFile(platform.paths.logFile, "utf8");

  for (const stateful of [true, false]) {
    it(`comes so long before it, each time (${stateful ? "memory kept" : "booted anew"})`, async () => {
      addGuest("web", "taken");
      const { uuid } = await running("web", { ...SCALE_TO_ZERO, stateful });
      for (let sleep = 1; sleep <= 2; sleep++) {
        const begin = performance.now();
        if (sleep > 1) assert.equal((await get()).text, "web");
        await untilStandby(uuid);
        const [asleepAtMs, noticeAtMs = 0] = [performance.now(), noticesAtMs.at(-1)];
        assert.equal(noticesAtMs.length, sleep);
        assert.ok(asleepAtMs - noticeAtMs >= NOTIFY_MS - 5, `${asleepAtMs - noticeAtMs} ms before standby`);
        if (sleep > 1)
          assert.ok(noticeAtMs - begin >= COOLDOWN_MS - NOTIFY_MS - 5, `${noticeAtMs - begin} ms of traffic`);
      }
      assert.match(await log(), /instance\.notified.*taken/);
    });
  }

  it("is followed by no standby when a request comes in between, and by another notice", async () => {
    addGuest("web", "taken");
    const { uuid } = await running("web", SCALE_TO_ZERO);
    await untilNoticed(1);
    await get();
    const servedAtMs = performance.now();
    await untilStandby(uuid);
    const asleepAtMs = performance.now();
    assert.ok(asleepAtMs - servedAtMs >= COOLDOWN_MS - 5, `${asleepAtMs - servedAtMs} ms after the request`);
    assert.equal(noticesAtMs.length, 2);
    assert.equal((await platform.instance(uuid))["start_count"], 1);
  });

  it("is not waited for where the agent does not answer, or is none", async () => {
    addGuest("silent", new Promise<NoticeResult>(() => undefined));
    addGuest("old", "no-agent");
    for (const name of ["silent", "old"]) {
      const { uuid } = await running(name, { ...SCALE_TO_ZERO, cooldown_time_ms: 40, notify_time_ms: 20 });
      await untilStandby(uuid);
      port = await freePort();
    }
    assert.equal(noticesAtMs.length, 2);
    assert.match(await log(), /instance\.notified.*no-agent/);
  });

  it("does not come when the instance was stopped, and not without being asked for", async () => {
    addGuest("web", "taken");
    const { uuid } = await running("web", SCALE_TO_ZERO);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    addGuest("quiet", "taken");
    port = await freePort();
    const quiet = await running("quiet", { policy: "on", stateful: true, cooldown_time_ms: COOLDOWN_MS });
    await untilStandby(quiet.uuid);
    assert.deepEqual(noticesAtMs, []);
  });

  it("is refused where the kernel has no agent: at the create, and in a change of it or of the image", async () => {
    platform.vmm.agentObstacle = "it is too small";
    const message =
      "The program cannot be warned 600 ms before standby: it is too small. Set this time to 0, or use an image with the runtime linux:latest.";
    const body = { image: "app:1", service_group: { services: [{ port }] } };
    const refused = await platform.requestItem("POST", "/v1/instances", { ...body, scale_to_zero: SCALE_TO_ZERO });
    assert.deepEqual([refused["error"], refused.message], [1, message]);
    const off = await platform.requestItem("POST", "/v1/instances", {
      ...body,
      name: "off",
      scale_to_zero: { ...SCALE_TO_ZERO, policy: "off" },
    });
    assert.equal(off["status"], "success", off.message);
    const change = { name: "off", prop: "scale_to_zero", op: "set", value: SCALE_TO_ZERO };
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [change])).message, message);
    platform.vmm.agentObstacle = undefined;
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [change]))["status"], "success");
    platform.vmm.agentObstacle = "it is too small";
    const image = { name: "off", prop: "image", op: "set", value: "app:1" };
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [image])).message, message);
    const tag = { name: "off", prop: "tags", op: "set", value: ["a"] };
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [tag]))["status"], "success");
  });
});
