/** Instances made of a template that keeps the memory of its guest. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform, webGuest } from "../../support/testPlatform";

describe("clones", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    platform.guests.set("golden", { ...webGuest("golden"), hasAgent: true });
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/instances", body);
  const clone = (name: string, more: Record<string, unknown> = {}) =>
    create({ name, template: { name: "golden" }, autostart: true, timeout_s: 10, ...more });
  const convert = (): Promise<Item> =>
    platform.requestItem("POST", "/v1/instances/templates", [{ name: "golden", timeout_s: 10 }]);
  const template = () => platform.requestItem("GET", "/v1/instances/templates?name=golden");
  const logged = (event: string): number =>
    fs.readFileSync(platform.paths.logFile, "utf8").split(`"${event}"`).length - 1;
  const booted = (): string[] => platform.vmm.starts.map(({ hostname }) => hostname);
  const cloned = (): string[] => platform.vmm.clones.map(({ spec }) => spec.hostname);

  it("begin with the memory of the template at their first start, and boot at later ones", async () => {
    const { uuid } = await platform.createRunning({ name: "golden" });
    assert.equal((await convert())["state"], "template");
    assert.equal((await template())["memory_notice"], undefined);
    const { uuid: first } = await clone("first");
    await clone("second");
    assert.deepEqual([booted(), cloned()], [["golden"], ["first", "second"]]);
    assert.deepEqual(new Set(platform.vmm.clones.map(({ from }) => from)), new Set([uuid]));
    assert.equal((await platform.instance(first))["memory_notice"], undefined);
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid: first }]);
    await platform.waitForItem(first, ({ state }) => state === "stopped");
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid: first }]);
    assert.deepEqual(
      [booted(), cloned()],
      [
        ["golden", "first"],
        ["first", "second"],
      ],
    );
    assert.deepEqual([logged("instance.captured"), logged("instance.cloned")], [1, 2]);
  });

  it("serve as members of a service, each with its own address", async () => {
    await platform.createRunning({ name: "golden" });
    await convert();
    const port = await freePort();
    const service = await platform.requestItem("POST", "/v1/services", { name: "web", services: [{ port }] });
    const items = (
      await platform.api("POST", "/v1/instances", {
        ...{ name: "many", template: { name: "golden" }, replicas: 2, autostart: true, timeout_s: 10 },
        service_group: { uuid: service.uuid },
      })
    ).items;
    assert.equal(new Set(items.map((item) => item["private_ip"])).size, 3);
    assert.equal(platform.vmm.clones.length, 3);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^many-/);
  });

  it("boot, and say so, if there is no memory to begin with", async () => {
    await platform.createRunning({ name: "golden" });
    await convert();
    platform.vmm.memory.onClone = () => {
      throw new Error("it has other arguments than its original");
    };
    const { uuid, state } = (await clone("other", { args: ["/other"] })) as Item & { state: string };
    assert.deepEqual([state, booted()], ["running", ["golden", "other"]]);
    const notice = (await platform.instance(uuid))["memory_notice"];
    assert.equal(notice, "It booted instead of being cloned: it has other arguments than its original");
    assert.equal(logged("instance.not-cloned"), 1);
  });

  it("go on when the template is deleted; one that has not started yet boots", async () => {
    await platform.createRunning({ name: "golden" });
    await convert();
    const running = await clone("running");
    const waiting = await clone("waiting", { autostart: false, timeout_s: 0 });
    const removed = await platform.requestItem("DELETE", "/v1/instances/templates", [{ name: "golden" }]);
    assert.equal(removed["status"], "success");
    assert.equal((await platform.instance(running.uuid))["state"], "running");
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid: waiting.uuid }]);
    const item = await platform.waitForItem(waiting.uuid, ({ state }) => state === "running");
    assert.match(String(item["memory_notice"]), /^It booted instead of being cloned: /);
  });

  it("boot, and say why, if the guest of the template has no agent", async () => {
    platform.guests.delete("golden");
    await platform.createRunning({ name: "golden" });
    await convert();
    assert.equal(
      (await template())["memory_notice"],
      "It keeps no memory, so that instances made of it boot: its kernel has no agent",
    );
    const { uuid } = await clone("first");
    assert.deepEqual([booted(), cloned()], [["golden", "first"], []]);
    assert.match(
      String((await platform.instance(uuid))["memory_notice"]),
      /^It boots instead of being cloned: 'golden' keeps no memory$/,
    );
  });

  it("boot if the memory could not be kept; the guest then shuts down as it would without", async () => {
    platform.vmm.memory.onCapture = () => {
      throw new Error("No space left on the disk");
    };
    await platform.createRunning({ name: "golden" });
    await convert();
    const item = await template();
    assert.match(String(item["memory_notice"]), /boot: No space left on the disk$/);
    assert.equal(item["exit_code"], 0);
    await clone("first");
    assert.deepEqual([booted(), cloned()], [["golden", "first"], []]);
  });

  it("are made of a template whose conversion a killed daemon had begun", async () => {
    const { uuid } = await platform.createRunning({ name: "golden" });
    let release: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      platform.vmm.memory.onCapture = () => {
        resolve();
        return new Promise<void>((_, reject) => (release = () => reject(new Error("the daemon is gone"))));
      };
    });
    void convert().catch(() => undefined);
    await reached;
    platform.daemon.simulateKill();
    platform.vmm.memory.onCapture = () => undefined;
    await platform.start();
    await platform.waitForItem(uuid, ({ state }) => state === "template");
    release();
    await clone("first");
    assert.deepEqual(cloned(), ["first"]);
  });

  describe("of an instance that goes on", () => {
    const checkpoint = (more: Record<string, unknown> = {}) =>
      platform.requestItem("POST", "/v1/instances/checkpoints", [{ from: { name: "golden" }, ...more }]);
    const branch = (name: string, more: Record<string, unknown> = {}) =>
      create({ name, branch_from: { name: "golden" }, autostart: true, timeout_s: 10, ...more });
    const snapshots = (): string[] =>
      fs
        .readdirSync(platform.paths.instancesDir)
        .filter((uuid) => fs.existsSync(`${platform.paths.instancesDir}/${uuid}/snapshot`));

    it("are branches with its memory, of which no copy is kept once they have started", async () => {
      const { uuid } = await platform.createRunning({ name: "golden" });
      await branch("left");
      const { items } = await platform.api("POST", "/v1/instances", {
        ...{ name: "many", branch_from: { name: "golden" }, replicas: 1, autostart: true, timeout_s: 10 },
      });
      assert.deepEqual(
        items.map((item) => item["state"]),
        ["running", "running"],
      );
      assert.deepEqual([booted(), cloned().length], [["golden"], 3]);
      assert.deepEqual([...new Set(platform.vmm.clones.map(({ from }) => from))], [uuid]);
      assert.equal((await platform.instance(uuid))["state"], "running");
      while (snapshots().length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    });

    it("are instances made of a checkpoint, as often as wanted, also after the instance is gone", async () => {
      const { uuid } = await platform.createRunning({ name: "golden" });
      const made = await checkpoint({ name: "before" });
      assert.deepEqual([made["status"], made["state"]], ["success", "checkpoint"]);
      await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]);
      platform.daemon.simulateKill();
      await platform.start();
      for (const name of ["first", "second"])
        await create({ name, checkpoint: { name: "before" }, autostart: true, timeout_s: 10 });
      assert.deepEqual([booted(), cloned()], [["golden"], ["first", "second"]]);
      assert.deepEqual(snapshots(), [made.uuid]);
      await platform.requestItem("DELETE", "/v1/instances/checkpoints", [{ uuid: made.uuid }]);
      assert.deepEqual(snapshots(), []);
    });

    it("are refused while it can write to a volume, and boot with other volumes", async () => {
      await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
      await platform.createRunning({ name: "golden", volumes: [{ name: "data", at: "/data" }] });
      assert.deepEqual([(await branch("left"))["error"], (await checkpoint())["error"]], [15, 15]);
      assert.deepEqual(snapshots(), []);
    });

    it("are refused while it starts, and leave nothing behind", async () => {
      platform.guests.set("golden", { ...webGuest("golden"), hasAgent: true, bootMs: 60_000 });
      await create({ image: "app:1", name: "golden", autostart: true });
      assert.deepEqual([(await branch("left"))["error"], (await checkpoint())["error"]], [11, 11]);
      assert.deepEqual(snapshots(), []);
    });

    it("leave it running when its memory cannot be copied, and boot", async () => {
      platform.vmm.memory.onCapture = () => {
        throw new Error("No space left on the disk");
      };
      const { uuid } = await platform.createRunning({ name: "golden" });
      const item = await branch("left");
      assert.deepEqual([item["state"], booted(), cloned()], ["running", ["golden", "left"], []]);
      assert.match(
        String((await platform.instance(item.uuid))["memory_notice"]),
        /boots instead of being cloned: No space/,
      );
      const kept = await checkpoint({ name: "empty" });
      const notice = (await platform.requestItem("GET", `/v1/instances/checkpoints/${kept.uuid}`))["memory_notice"];
      assert.match(String(notice), /^It keeps no memory, .*: No space/);
      assert.equal((await platform.instance(uuid))["state"], "running");
    });
  });

  it("are made of a template on demand, which is the memory of an instance that was ready", async () => {
    const port = await freePort();
    const create_args = { image: "app:1", service_group: { services: [{ port }] } };
    const template = { name: "golden", prepare: true, create_args };
    const made = await Promise.all(
      ["first", "second"].map((name) => create({ name, template, autostart: true, timeout_s: 10 })),
    );
    assert.deepEqual(
      made.map((item) => item["state"]),
      ["running", "running"],
    );
    assert.deepEqual([booted(), cloned().sort()], [["golden"], ["first", "second"]]);
    assert.deepEqual((await platform.api("GET", "/v1/services")).items, []);
  });
});
