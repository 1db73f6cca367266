/** Console logs of VMs that write more than is kept. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { freePort } from "../../support/freePorts";
import { TestPlatform, webGuest } from "../../support/testPlatform";

const MIB = 1024 * 1024;
const LINE = `${"x".repeat(98)}\n`;

describe("a console log that keeps growing", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const read = async (uuid: string, query: string) => {
    const item = await platform.requestItem("GET", `/v1/instances/log?uuid=${uuid}${query}`);
    const { range, available } = item as unknown as Record<string, { start: number; end: number }>;
    return { text: Buffer.from(String(item["output"]), "base64").toString("latin1"), range, available };
  };

  it("keeps its last part, counts the dropped bytes and uses little disk space", async () => {
    const { uuid } = await platform.createRunning({ name: "chatty" });
    const file = platform.vmm.consoleLogPath(uuid);
    let lines = 0;
    const spaceBytes = (): number => fs.statSync(file).blocks * 512;
    for (const wanted of [30_000, 60_000]) {
      for (; lines < wanted; lines++) platform.vmm.print(uuid, `${String(lines).padStart(10, "0")}${LINE}`);
      while (spaceBytes() > 2 * MIB) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const size = lines * (LINE.length + 10);
    const { text, range, available } = await read(uuid, "&offset=-109&limit=109");
    assert.deepEqual(available, { start: size - MIB, end: size });
    assert.deepEqual(range, { start: size - 109, end: size });
    assert.equal(text, `${String(lines - 1).padStart(10, "0")}${LINE}`);
    const early = await read(uuid, "&offset=0&limit=100"); // dropped bytes are skipped
    assert.deepEqual(early.range, { start: size - MIB, end: size - MIB + 100 });
    platform.vmm.print(uuid, "and on it goes\n");
    assert.equal((await read(uuid, `&offset=${size}`)).text, "and on it goes\n");
  });

  it("is truncated when its VM is saved, and not looked at while that sleeps", async () => {
    await platform.close();
    platform = await TestPlatform.open({ saveAfterMs: 10, consoleCheckIntervalMs: 3_600_000 });
    await platform.start();
    platform.guests.set("sleeper", webGuest("sleeper"));
    const saving = Promise.withResolvers<void>();
    platform.vmm.memory.onSave = () => saving.promise;
    const { uuid } = await platform.createRunning({
      name: "sleeper",
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 10 },
      service_group: { services: [{ port: await freePort() }] },
    });
    platform.vmm.print(uuid, "z".repeat(3 * MIB));
    saving.resolve();
    const file = platform.vmm.consoleLogPath(uuid);
    while (fs.statSync(file).blocks * 512 > 2 * MIB) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual((await read(uuid, "")).available?.end, 3 * MIB);
  });

  it("starts empty with a new boot", async () => {
    platform.guests.set("brief", { console: "first words\n", onStop: { kind: "exited", exitCode: 0 } });
    const { uuid } = await platform.createRunning({ name: "brief" });
    platform.vmm.print(uuid, "y".repeat(3 * MIB));
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.equal((await read(uuid, "")).available?.end, 3 * MIB + 12);
    await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "running");
    assert.deepEqual((await read(uuid, "")).available, { start: 0, end: 12 });
  });
});
