/** What a guest's program asks of its platform: to stay awake, and to become a template. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/freePorts";
import { TestPlatform, webGuest } from "../../support/testPlatform";

const COOLDOWN_MS = 60;

describe("a guest whose program", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    for (const name of ["web", "golden"]) platform.guests.set(name, { ...webGuest(name), hasAgent: true });
  });
  afterEach(() => platform.close());

  const service = async () => ({ service_group: { services: [{ port: await freePort() }] } });
  const stateOf = async (uuid: string) => (await platform.instance(uuid))["state"];
  const logged = (event: string): number =>
    fs.readFileSync(platform.paths.logFile, "utf8").split(`"${event}"`).length - 1;

  describe("asks to stay awake", () => {
    for (const stateful of [true, false]) {
      it(`sleeps only after it has let go, a cooldown later (${stateful ? "memory kept" : "booted anew"})`, async () => {
        const scale_to_zero = { policy: "on", stateful, cooldown_time_ms: COOLDOWN_MS };
        const { uuid } = await platform.createRunning({ name: "web", scale_to_zero, ...(await service()) });
        platform.vmm.writeControlFiles(uuid, { staysAwake: true });
        await delay(5 * COOLDOWN_MS);
        assert.equal(await stateOf(uuid), "running");
        const beganMs = performance.now();
        platform.vmm.writeControlFiles(uuid, { staysAwake: false });
        await platform.waitForItem(uuid, ({ state }) => state === "standby");
        const tookMs = performance.now() - beganMs;
        assert.ok(tookMs >= COOLDOWN_MS - 5, `${tookMs} ms`);
      });
    }

    it("is awake under the next daemon, too, and ends as it is told", async () => {
      const scale_to_zero = { policy: "on", stateful: true, cooldown_time_ms: COOLDOWN_MS };
      const { uuid } = await platform.createRunning({ name: "web", scale_to_zero, ...(await service()) });
      platform.vmm.writeControlFiles(uuid, { staysAwake: true });
      platform.daemon.simulateKill();
      await platform.start();
      await delay(5 * COOLDOWN_MS);
      assert.equal(await stateOf(uuid), "running");
      await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid }]);
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    });
  });

  describe("asks for a template", () => {
    const isTemplate = async (uuid: string) => {
      for (;;) {
        const item = await platform.requestItem("GET", `/v1/instances/templates/${uuid}`);
        if (item["state"] === "template") return item;
        await delay(5);
      }
    };
    const clone = (name: string) =>
      platform.requestItem("POST", "/v1/instances", {
        ...{ name, template: { name: "golden" }, autostart: true, timeout_s: 10 },
      });

    it("becomes one with its memory, ready or not", async () => {
      platform.guests.set("golden", { hasAgent: true }); // listens on no port
      const item = await platform.requestItem("POST", "/v1/instances", {
        ...{ name: "golden", image: "app:1", autostart: true, ...(await service()) },
      });
      await platform.waitForItem(item.uuid, ({ state }) => state === "running");
      platform.vmm.writeControlFiles(item.uuid, { template: true });
      const template = await isTemplate(item.uuid);
      assert.equal(template["memory_notice"], undefined);
      await clone("first");
      assert.deepEqual(
        platform.vmm.clones.map(({ spec, from }) => [spec.hostname, from]),
        [["first", item.uuid]],
      );
      assert.equal(logged("instance.template-asked"), 1);
    });

    it("becomes one under the next daemon, which finds that it has asked", async () => {
      platform.guests.set("golden", { ...webGuest("golden"), hasAgent: true, bootMs: 300 });
      const { uuid } = await platform.requestItem("POST", "/v1/instances", { name: "golden", image: "app:1" });
      await platform.requestItem("PUT", "/v1/instances/start", [{ uuid }]);
      platform.vmm.writeControlFiles(uuid, { template: true });
      assert.equal(await stateOf(uuid), "starting");
      platform.daemon.simulateKill();
      await platform.start();
      await isTemplate(uuid);
    });

    it("goes on where it is itself made of a template, as one that had to boot", async () => {
      const { uuid } = await platform.createRunning({ name: "golden" });
      platform.vmm.writeControlFiles(uuid, { template: true });
      await isTemplate(uuid);
      const { uuid: first } = await clone("first");
      platform.vmm.writeControlFiles(first, { template: true });
      while (platform.vmm.controlFilesOf(first)?.template !== false) await delay(5);
      assert.equal(await stateOf(first), "running");
      const branch = { name: "branch", branch_from: { uuid: first }, autostart: true, timeout_s: 10 };
      const { uuid: second } = await platform.requestItem("POST", "/v1/instances", branch);
      platform.vmm.writeControlFiles(second, { template: true });
      while (platform.vmm.controlFilesOf(second)?.template !== false) await delay(5);
      assert.equal(await stateOf(second), "running");
    });

    it("is the template that was asked for on demand, with the autokill of that request", async () => {
      const template = {
        name: "golden",
        prepare: true,
        create_args: { image: "app:1" },
        autokill: { time_ms: 90_000 },
      };
      platform.guests.set("golden", { ...webGuest("golden"), hasAgent: true, bootMs: 50 });
      const made = platform.requestItem("POST", "/v1/instances", { name: "first", template });
      const uuid = (): string => platform.vmm.starts[0]?.uuid ?? "";
      while (platform.vmm.controlFilesOf(uuid()) === undefined) await delay(2);
      platform.vmm.writeControlFiles(uuid(), { template: true });
      assert.equal((await made)["status"], "success");
      const found = await platform.requestItem("GET", "/v1/instances/templates?name=golden");
      assert.deepEqual(found["template_autokill"], { time_ms: 90_000 });
    });
  });
});
