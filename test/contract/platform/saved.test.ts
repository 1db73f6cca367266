/** Instances whose memory is saved to the disk while they sleep. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform, webGuest } from "../../support/testPlatform";

/** A gate that a fake save or restore waits at. */
class Gate {
  readonly reached: Promise<void>;
  #onReached: () => void = () => undefined;
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  constructor() {
    this.reached = new Promise((resolve) => (this.#onReached = resolve));
  }

  async pass(): Promise<void> {
    this.#onReached();
    await this.#opened;
  }

  open(): void {
    this.#open();
  }
}

describe("a sleeping instance that is saved to the disk", () => {
  let platform: TestPlatform;
  let port: number;
  beforeEach(async () => {
    platform = await TestPlatform.open({ saveAfterMs: 40 });
    await platform.start();
    port = await freePort();
    platform.guests.set("web", { ...webGuest("web"), usage: { rssBytes: 1000, cpuTimeMs: 5 } });
  });
  afterEach(() => platform.close());

  const create = (more: Record<string, unknown> = {}): Promise<Item> =>
    platform.createRunning({
      name: "web",
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 10 },
      service_group: { services: [{ port }] },
      ...more,
    });
  const fetchText = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
  const untilStandby = (uuid: string): Promise<Item> => platform.waitForItem(uuid, ({ state }) => state === "standby");
  const untilSaved = async (count = 1): Promise<void> => {
    while (platform.vmm.memory.saves < count) await delay(2);
  };
  const notice = async (uuid: string): Promise<string> => {
    for (;;) {
      const { memory_notice: text } = await platform.instance(uuid);
      if (typeof text === "string") return text;
      await delay(2);
    }
  };
  const rssBytes = async (): Promise<number> => {
    const headers = { accept: "application/json" };
    const { items } = await platform.api("GET", "/v1/instances/metrics", undefined, headers);
    return Number(items[0]?.["rss_bytes"]);
  };
  const logged = (event: string): number =>
    fs.readFileSync(platform.paths.logFile, "utf8").split(`"${event}"`).length - 1;
  /** How many VMs were booted and restored. Saves are not counted: whoever is awake may be saved again at any moment. */
  const counts = (): number[] => [platform.vmm.starts.length, platform.vmm.memory.restores];

  it("takes no memory, and wakes for a connection as what it was", async () => {
    const saving = new Gate();
    platform.vmm.memory.onSave = () => saving.pass();
    const { uuid } = await create();
    await saving.reached;
    assert.equal(await rssBytes(), 1000);
    saving.open();
    await untilSaved();
    assert.equal(await rssBytes(), 0);
    assert.equal(await fetchText(), "web");
    assert.deepEqual(counts(), [1, 1]);
    const item = await platform.instance(uuid);
    assert.deepEqual([item["start_count"], "memory_notice" in item], [2, false]);
    await untilSaved(2); // and sleeps again
    assert.equal(await fetchText(), "web");
  });

  it("wakes once, however many clients wait", async () => {
    const { uuid } = await create({ scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 60_000 } });
    await platform.requestItem("PUT", "/v1/instances/suspend", [{ uuid }]);
    await untilSaved();
    platform.vmm.memory.onRestore = () => delay(50);
    const answers = await Promise.all(Array.from({ length: 100 }, fetchText));
    assert.deepEqual([...new Set(answers)], ["web"]);
    assert.deepEqual([...counts(), (await platform.instance(uuid))["start_count"]], [1, 1, 2]);
  });

  it("stays in memory while it is awake again before its time", async () => {
    await platform.daemon.close();
    await platform.start({ timings: { saveAfterMs: 2_000 } });
    const { uuid } = await create();
    for (let round = 0; round < 6; round++) {
      await untilStandby(uuid);
      await delay(80);
      assert.equal(await fetchText(), "web");
    }
    assert.deepEqual(counts(), [1, 0]);
  });

  it("wakes at once from a save that has not finished", async () => {
    const { uuid } = await create();
    const saving = new Gate();
    platform.vmm.memory.onSave = async (_spec, signal) => {
      signal.addEventListener("abort", () => saving.open());
      await saving.pass();
    };
    await saving.reached;
    platform.vmm.memory.onSave = () => Promise.reject(new Error("one save is enough"));
    assert.equal(await fetchText(), "web");
    assert.deepEqual([...counts(), (await platform.instance(uuid))["start_count"]], [1, 0, 2]);
    assert.equal(logged("instance.saved"), 0);
  });

  it("stays in memory when the disk is full, and says so once", async () => {
    const { uuid } = await create();
    platform.vmm.memory.onSave = () => Promise.reject(new Error("No space left on the disk while saving a VM."));
    assert.match(await notice(uuid), /sleeps in memory, because No space left/);
    assert.equal(await fetchText(), "web");
    await untilStandby(uuid);
    await delay(100);
    assert.deepEqual([...counts(), logged("instance.not-saved")], [1, 0, 1]);
    platform.vmm.memory.onSave = () => undefined; // there is space again
    assert.equal(await fetchText(), "web");
    await untilSaved();
    await platform.waitForItem(uuid, (item) => !("memory_notice" in item));
  });

  it("stays in memory when its kernel mounts folders of this machine, and says so", async () => {
    platform.guests.set("web", { ...webGuest("web"), unsavable: "its volumes are folders of this machine" });
    const { uuid } = await create();
    assert.match(await notice(uuid), /sleeps in memory, because its volumes are folders/);
    assert.equal(await fetchText(), "web");
    assert.deepEqual(counts(), [1, 0]);
  });

  it("boots anew when what was saved is damaged, and says so", async () => {
    const { uuid } = await create();
    await untilSaved();
    await platform.api("PATCH", "/v1/instances", [{ uuid, prop: "env", op: "set", value: { A: "2" } }]);
    platform.vmm.memory.onRestore = () => Promise.reject(new Error("the saved state of its devices is damaged"));
    assert.equal(await fetchText(), "web");
    const item = await platform.instance(uuid);
    assert.match(String(item["memory_notice"]), /booted anew, because .* its devices is damaged/);
    assert.deepEqual([item["env"], item["start_count"], logged("instance.memory-lost")], [{ A: "2" }, 2, 1]);
    assert.deepEqual(counts(), [2, 0]);
  });

  describe("when the daemon or the machine goes down", () => {
    const killed = async (): Promise<void> => {
      platform.daemon.simulateKill();
      await platform.start();
    };

    it("survives the machine; one in memory boots anew", async () => {
      const { uuid } = await create();
      await untilSaved();
      platform.guests.set("other", { ...webGuest("other"), unsavable: "it cannot" });
      const otherPort = await freePort();
      const other = await create({ name: "other", service_group: { services: [{ port: otherPort }] } });
      await untilStandby(other.uuid);
      platform.daemon.simulateKill();
      platform.vmm.switchOff();
      await platform.start();
      assert.equal((await platform.instance(uuid))["state"], "standby");
      assert.equal(await fetchText(), "web");
      assert.equal(await (await fetch(`http://127.0.0.1:${otherPort}/`)).text(), "other");
      assert.deepEqual(counts(), [3, 1]);
    });

    it("is saved by the next daemon if it slept in memory", async () => {
      await platform.daemon.close();
      await platform.start({ timings: { saveAfterMs: 60_000 } });
      const { uuid } = await create();
      await untilStandby(uuid);
      await killed();
      await untilSaved();
      assert.equal(await fetchText(), "web");
      assert.deepEqual(counts(), [1, 1]);
    });

    it("is what it was after a kill during a save", async () => {
      const { uuid } = await create();
      const saving = new Gate();
      platform.vmm.memory.onSave = () => saving.pass();
      await saving.reached;
      platform.vmm.memory.onSave = () => undefined;
      await killed();
      saving.open();
      assert.equal((await platform.instance(uuid))["state"], "standby");
      await untilSaved();
      assert.equal(await fetchText(), "web");
      assert.deepEqual(counts(), [1, 1]);
    });

    it("is what it was after a kill during a restore", async () => {
      const { uuid } = await create();
      await untilSaved();
      const restoring = new Gate();
      platform.vmm.memory.onRestore = () => restoring.pass();
      const cutOff = fetchText().catch(() => undefined);
      await restoring.reached;
      platform.vmm.memory.onRestore = () => undefined;
      await killed();
      restoring.open();
      await cutOff;
      assert.equal((await platform.instance(uuid))["state"], "standby");
      assert.equal(await fetchText(), "web");
      assert.deepEqual(counts(), [1, 1]);
    });

    it("is in standby even if the database forgot that it went to sleep", async () => {
      const { uuid } = await create();
      await untilSaved();
      platform.daemon.simulateKill();
      platform.vmm.switchOff();
      const database = new DatabaseSync(platform.paths.databaseFile);
      const sql = "UPDATE instances SET status = json_set(status, '$.state', 'running') WHERE uuid = ?";
      database.prepare(sql).run(uuid);
      database.close();
      await platform.start();
      assert.equal((await platform.instance(uuid))["state"], "standby");
      assert.equal(await fetchText(), "web");
      assert.deepEqual(counts(), [1, 1]);
    });
  });

  it("is restored to shut down in order, and ended on the disk by a forced stop or a delete", async () => {
    const first = await create();
    await untilSaved();
    await platform.api("PUT", "/v1/instances/stop", [{ uuid: first.uuid }]);
    const stopped = await platform.waitForItem(first.uuid, ({ state }) => state === "stopped");
    assert.deepEqual([stopped["exit_code"], platform.vmm.memory.restores], [0, 1]);
    await platform.api("PUT", "/v1/instances/start", [{ uuid: first.uuid, timeout_s: 10 }]);
    await untilSaved(2);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid: first.uuid, force: true }]);
    await platform.waitForItem(first.uuid, ({ state }) => state === "stopped");
    await platform.api("PUT", "/v1/instances/start", [{ uuid: first.uuid, timeout_s: 10 }]);
    await untilSaved(3);
    await platform.api("DELETE", "/v1/instances", [{ uuid: first.uuid }]);
    assert.deepEqual(counts(), [3, 1]);
    assert.equal(fs.existsSync(`${platform.paths.instancesDir}/${first.uuid}`), false);
  });

  it("keeps its volume to itself", async () => {
    const volume = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    await create({ volumes: [{ uuid: volume.uuid, at: "/data" }] });
    await untilSaved();
    const grow = { uuid: volume.uuid, prop: "size_mb", op: "set", value: 16 };
    assert.equal((await platform.requestItem("PATCH", "/v1/volumes", [grow]))["error"], 15);
  });
});
