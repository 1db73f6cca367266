/** Inline volumes of an instance: what happens to them when it is deleted. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { openDatabase } from "../../../provider/platform/store/database";
import { BlockedDiskCopies } from "../../support/disks";
import { TestPlatform } from "../../support/testPlatform";

describe("inline volumes of an instance", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const make = (name: string, volumes: readonly Record<string, unknown>[] = [{ size_mb: 8, at: "/data" }]) =>
    platform.requestItem("POST", "/v1/instances", { name, image: "app:1", volumes });
  const remove = (name: string) => platform.requestItem("DELETE", "/v1/instances", [{ name }]);
  const volumes = async () => (await platform.api("GET", "/v1/volumes")).items;
  const only = async () => {
    const [volume, ...more] = await volumes();
    assert.deepEqual(more, []);
    assert.ok(volume !== undefined);
    return volume;
  };
  const disks = () => fs.readdir(platform.paths.volumesDir);

  it("are not persistent and are deleted with it, disk included", async () => {
    await make("i", [{ size_mb: 8, at: "/data", tags: ["t"], quota_policy: "dynamic" }]);
    const volume = await only();
    const said = ["persistent", "state", "tags", "quota_policy"].map((key) => volume[key]);
    assert.deepEqual(said, [false, "idle", ["t"], "dynamic"]);
    assert.equal((await platform.requestItem("DELETE", "/v1/volumes", [{ uuid: volume.uuid }]))["error"], 15);
    await remove("i");
    assert.deepEqual([await volumes(), await disks()], [[], []]);
  });

  it("are deleted with a running instance, while existing volumes stay", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "kept", size_mb: 8 });
    const both = [
      { size_mb: 8, at: "/own" },
      { uuid, at: "/kept" },
    ];
    await platform.createRunning({ name: "i", volumes: both });
    assert.equal((await volumes()).length, 2);
    await remove("i");
    assert.equal((await only()).name, "kept");
  });

  it("stay after a detach, even from a running instance", async () => {
    await make("stopped");
    await platform.createRunning({ name: "running", volumes: [{ size_mb: 8, at: "/data" }] });
    for (const { uuid } of await volumes()) await platform.requestItem("PUT", "/v1/volumes/detach", [{ uuid }]);
    for (const name of ["stopped", "running"]) await remove(name);
    assert.deepEqual(
      (await volumes()).map(({ persistent, state }) => [persistent, state]),
      [
        [true, "available"],
        [true, "available"],
      ],
    );
  });

  it("stay while another instance reads them", async () => {
    await make("first", [{ size_mb: 8, at: "/data", readonly: true, access_mode: "rox" }]);
    const { uuid } = await only();
    assert.equal((await make("second", [{ uuid, at: "/data", readonly: true }]))["status"], "success");
    await remove("first");
    assert.equal((await only()).uuid, uuid);
    await remove("second");
    assert.deepEqual(await volumes(), []);
  });

  it("are deleted after a running clone completes", async () => {
    await make("i");
    const source = await only();
    const held = await BlockedDiskCopies.begin();
    try {
      const clone = await platform.requestItem("POST", "/v1/volumes/clone", [{ uuid: source.uuid, vol_name: "clone" }]);
      const removed = remove("i");
      while ((await platform.requestItem("GET", `/v1/volumes?uuid=${source.uuid}`))["state"] !== "busy");
      await held.unblock();
      await removed;
      assert.deepEqual([(await only()).uuid, (await only())["persistent"]], [clone.uuid, true]);
      assert.deepEqual([(await only())["state"], await disks()], ["available", [`${clone.uuid}.ext4`]]);
    } finally {
      await held.remove();
    }
  });

  it("stay for good when locked", async () => {
    await make("i");
    const { uuid } = await only();
    await platform.requestItem("PATCH", "/v1/volumes", [{ uuid, prop: "delete_lock", op: "set", value: true }]);
    await remove("i");
    const kept = await only();
    assert.deepEqual([kept["persistent"], kept["state"]], [true, "available"]);
  });

  it("are not left behind by a rejected create", async () => {
    const refused = await make("i", [
      { size_mb: 8, at: "/a" },
      { name: "nothing", at: "/b" },
    ]);
    assert.equal(refused["error"], 8);
    const rwx = await make("i", [
      { size_mb: 8, at: "/a" },
      { size_mb: 8, at: "/b", access_mode: "rwx" },
    ]);
    assert.equal(rwx["error"], 1);
    assert.deepEqual([await volumes(), await disks()], [[], []]);
  });

  it("are deleted after a restart if a killed daemon could not remove them", async () => {
    await make("i");
    await make("j");
    platform.daemon.simulateKill();
    const database = openDatabase(platform.paths.databaseFile); // the instance's row is deleted first, then those of its volumes
    database?.run("DELETE FROM instances WHERE name = 'i'");
    database?.close();
    await platform.start();
    assert.equal((await disks()).length, 1);
    assert.deepEqual(
      ((await only())["attached_to"] as { name: string }[]).map(({ name }) => name),
      ["j"],
    );
  });
});
