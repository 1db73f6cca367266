/** The notice before standby: a program that listens on vsock as in the cloud gets it, on a real daemon and QEMU. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";

const COOLDOWN_MS = 3_000;
const NOTIFY_MS = 2_000;

describe("a program that listens for the notice before standby", function () {
  this.timeout(180_000);
  let platform: LocalPlatform;
  before(async () => {
    platform = await LocalPlatform.open();
    await putGoGuest({ guest: "noticed", repository: "noticed" });
  });
  after(() => platform.close());

  it("gets it each time, so long before, and not while it is used", async () => {
    const port = await freePort();
    const body = {
      ...{ image: "noticed", name: "noticed", memory_mb: 160, autostart: true, timeout_s: 60 },
      service_group: { services: [{ port, destination_port: 8080 }] },
      scale_to_zero: {
        ...({ policy: "on", stateful: true, cooldown_time_ms: COOLDOWN_MS, notify_time_ms: NOTIFY_MS } as const),
      },
    };
    const { items } = await platform.client.createInstance({ body }, { serverWaitMs: 60_000 });
    assert.equal(items[0]?.status, "success", items[0]?.message);
    const uuid = items[0]?.uuid ?? "";
    const find = async () => (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];
    const notices = async () => (await platform.readConsole(uuid)).match(/^notice \d+: .*$/gm) ?? [];
    /** The number of notices, as the program has counted them. The connection ends with the response. */
    const count = async (): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      return Number(await response.text());
    };

    await eventually("it is warned", async () => (await notices()).length === 1);
    const noticedAtMs = performance.now();
    assert.deepEqual(await notices(), ['notice 1: "scaletozero"']);
    assert.equal((await find())?.state, "running", "it has time left");
    await eventually("it sleeps", async () => (await find())?.state === "standby");
    const aheadMs = performance.now() - noticedAtMs;
    assert.ok(aheadMs > NOTIFY_MS / 2, `${aheadMs} ms before standby`);

    for (let use = 0; use < 2 * (COOLDOWN_MS / 500); use++, await delay(500)) assert.equal(await count(), 1);
    const startCount = (await find())?.start_count;
    await eventually("it is warned again", async () => (await notices()).length === 2);
    await eventually("it sleeps again", async () => (await find())?.state === "standby");
    assert.equal((await find())?.start_count, startCount);
    assert.equal(await count(), 2);
  });
});
