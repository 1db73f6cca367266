/** Volumes that are attached to and detached from existing instances. */
import assert from "node:assert/strict";
import * as path from "node:path";
import { assertFileSystemSound } from "../../support/disks";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

const NOBODY = "22222222-2222-4222-8222-222222222222";

describe("attaching and detaching volumes", () => {
  let platform: TestPlatform;
  let volume: Item;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    volume = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
  });
  afterEach(() => platform.close());

  const instance = (name: string, body: Record<string, unknown> = {}) =>
    platform.requestItem("POST", "/v1/instances", { name, image: "app:1", ...body });
  const attach = (name: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("PUT", "/v1/volumes/attach", [
      { uuid: volume.uuid, attach_to: { name }, at: "/data", ...more },
    ]);
  const detach = (more: Record<string, unknown> = {}) =>
    platform.requestItem("PUT", "/v1/volumes/detach", [{ uuid: volume.uuid, ...more }]);
  const read = () => platform.requestItem("GET", `/v1/volumes?uuid=${volume.uuid}`);
  const users = async () => ((await read())["attached_to"] as Item[]).map(({ name }) => name);
  const start = (name: string) => platform.requestItem("PUT", "/v1/instances/start", [{ name }]);
  const stop = async ({ uuid, name }: Item) => {
    await platform.requestItem("PUT", "/v1/instances/stop", [{ name }]);
    await platform.waitForItem(uuid, (item) => item["state"] === "stopped");
  };
  const disksOfLastVm = () => platform.vmm.starts.at(-1)?.disks.map(({ at, readonly }) => [at, readonly]);

  it("adds a volume to the next boot of a stopped instance and removes it again", async () => {
    const made = await instance("i");
    assert.deepEqual(await attach("i", { readonly: true }), { status: "success", uuid: volume.uuid, name: "data" });
    assert.equal((await read())["state"], "idle");
    const mount = { uuid: volume.uuid, name: "data", at: "/data", readonly: true };
    assert.deepEqual((await platform.instance(made.uuid))["volumes"], [mount]);
    platform.daemon.simulateKill();
    await platform.start();
    await start("i");
    assert.deepEqual(disksOfLastVm(), [["/data", true]]);
    await stop(made);
    assert.equal((await detach({ from: { name: "i" } }))["status"], "success");
    assert.equal((await read())["state"], "available");
    assert.deepEqual((await platform.instance(made.uuid))["volumes"], []);
    await start("i");
    assert.deepEqual(disksOfLastVm(), []);
  });

  it("rejects a running instance with the code for its state", async () => {
    await platform.createRunning({ name: "i" });
    assert.equal((await attach("i"))["error"], 11);
    assert.deepEqual(await users(), []);
  });

  it("detaches a volume from a running instance when it stops, even across daemon restarts", async () => {
    const made = await platform.createRunning({ name: "i", volumes: [{ uuid: volume.uuid, at: "/data" }] });
    assert.equal((await detach())["status"], "success");
    assert.equal((await detach())["status"], "success", "asked for again it is on its way");
    assert.equal((await read())["state"], "mounted");
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal((await read())["state"], "mounted");
    await stop(made);
    assert.equal((await read())["state"], "available");
    assert.equal((await detach())["error"], 21);
    assert.deepEqual((await platform.instance(made.uuid))["volumes"], []);
  });

  it("detaches a volume from an instance whose VM ended while no daemon ran", async () => {
    const made = await platform.createRunning({ name: "i", volumes: [{ uuid: volume.uuid, at: "/data" }] });
    await detach();
    platform.daemon.simulateKill();
    platform.vmm.end(made.uuid, { kind: "killed", detail: "the machine was switched off" });
    await platform.start();
    assert.equal((await read())["state"], "available");
  });

  it("detaches a volume from every instance unless one is named", async () => {
    const readers = { volumes: [{ uuid: volume.uuid, at: "/data", readonly: true }] };
    const first = await platform.createRunning({ name: "a", ...readers });
    for (const name of ["b", "c"]) await instance(name, readers);
    await detach({ from: { name: "b" } });
    assert.deepEqual(await users(), ["a", "c"]);
    assert.equal((await detach({ from: { name: "b" } }))["error"], 21);
    await detach();
    assert.deepEqual(await users(), ["a"]);
    await stop(first);
    assert.deepEqual(await users(), []);
  });

  for (const stateful of [true, false]) {
    it(`detaches a volume from an instance in standby ${stateful ? "with memory when it stops" : "without memory at once"}`, async () => {
      const service = await platform.requestItem("POST", "/v1/services", { services: [{ port: await freePort() }] });
      const made = await platform.createRunning({
        name: "sleepy",
        service_group: { uuid: service.uuid },
        scale_to_zero: { policy: "on", stateful, cooldown_time_ms: 0 },
        volumes: [{ uuid: volume.uuid, at: "/data" }],
      });
      await platform.waitForItem(made.uuid, ({ state }) => state === "standby");
      assert.equal((await read())["state"], "mounted");
      await detach();
      assert.deepEqual(await users(), stateful ? ["sleepy"] : []);
      await stop(made);
      assert.deepEqual(await users(), []);
    });
  }

  it("rejects volumes that do not exist, are taken or have an invalid mount path", async () => {
    const other = await platform.requestItem("POST", "/v1/volumes", { name: "other", size_mb: 8 });
    for (const name of ["a", "b"]) await instance(name);
    assert.equal((await attach("nobody"))["error"], 8);
    assert.equal((await attach("a", { uuid: NOBODY }))["error"], 8);
    assert.equal((await attach("a", { uuid: "no-uuid" }))["error"], 7);
    for (const at of ["data", "/", "/a/./b", "/a/", "/a:b", "/a b", '/a"b', "/a\\b", "/a\u00a0b"]) {
      assert.equal((await attach("a", { at }))["error"], 7, at);
      const made = await platform.requestItem("POST", "/v1/instances", {
        image: "app:1",
        volumes: [{ size_mb: 8, at }],
      });
      assert.equal(made["error"], 7, at);
    }
    assert.equal((await attach("a"))["status"], "success");
    assert.equal((await attach("a", { at: "/again" }))["error"], 15);
    assert.equal((await attach("b"))["error"], 15);
    assert.equal((await attach("b", { readonly: true }))["error"], 15, "its other user writes");
    assert.equal((await attach("a", { uuid: other.uuid }))["error"], 7, "something else is at this place");
    assert.equal((await detach({ from: { name: "nobody" } }))["error"], 8);
    assert.equal((await detach({ uuid: NOBODY }))["error"], 8);
    assert.equal((await detach({ uuid: other.uuid }))["error"], 21);
    assert.deepEqual(await users(), ["a"]);
  });

  it("allows several readers of a volume in either access mode, and then no writer", async () => {
    for (const name of ["a", "b", "c"]) await instance(name);
    const shared = await platform.requestItem("POST", "/v1/volumes", {
      name: "shared",
      size_mb: 8,
      access_mode: "rox",
    });
    for (const { uuid } of [volume, shared]) {
      const at = `/${uuid}`;
      assert.equal((await attach("a", { uuid, at, readonly: true }))["status"], "success");
      assert.equal((await attach("b", { uuid, at, readonly: true }))["status"], "success");
      assert.equal((await attach("c", { uuid, at }))["error"], 15);
    }
  });

  it("gives a volume to one of two concurrent instances", async () => {
    const names = ["a", "b", "c", "d"];
    for (const name of names) await instance(name);
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(names.map((name) => attach(name)));
      assert.deepEqual(answers.map((item) => item["error"] ?? 0).sort(), [0, 15, 15, 15]);
      assert.equal((await users()).length, 1);
      await detach();
    }
  });

  it("keeps a volume intact that grows while it is attached and its instance starts", async () => {
    await instance("i");
    for (let sizeMb = 16; sizeMb <= 64; sizeMb += 16) {
      const growth = { uuid: volume.uuid, prop: "size_mb", op: "set", value: sizeMb };
      const [grown, attached] = await Promise.all([
        platform.requestItem("PATCH", "/v1/volumes", [growth]),
        attach("i").then(async (item) => (await start("i"), item)),
      ]);
      assert.ok(grown["status"] === "success" || grown["error"] === 15, JSON.stringify(grown));
      assert.ok(attached["status"] === "success" || attached["error"] === 24, JSON.stringify(attached));
      const item = await read();
      assert.notEqual(item["state"], "busy");
      await stop({ ...(await platform.requestItem("GET", "/v1/instances?name=i")) });
      assertFileSystemSound(path.join(platform.paths.volumesDir, `${volume.uuid}.ext4`));
      if (attached["status"] === "success") await detach();
    }
  });
});
