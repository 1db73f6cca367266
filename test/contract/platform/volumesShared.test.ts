/** Volumes with the access mode `rwx`, which several instances write to: a folder of this machine without a disk. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

describe("a volume for several writers", () => {
  let platform: TestPlatform;
  let volume: Item;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start({ stay: true });
    const body = { name: "data", size_mb: 8, filesystem: "virtiofs", access_mode: "rwx" };
    volume = await platform.requestItem("POST", "/v1/volumes", body);
    assert.equal(volume["status"], "success");
  });
  afterEach(() => platform.close());

  const read = (name = "data"): Promise<Item> => platform.requestItem("GET", `/v1/volumes?name=${name}`);
  const write = (name: string, more: Record<string, unknown> = {}): Promise<Item> =>
    platform.createRunning({ name, volumes: [{ name: "data", at: "/data" }], ...more });
  const folderOf = ({ uuid }: Item): string => path.join(platform.paths.volumesDir, `${uuid}.folder`);

  it("is a folder that only its user can read, reported as in the cloud", async () => {
    const item = await read();
    assert.deepEqual([item["filesystem"], item["access_mode"], item["free_mb"]], ["virtiofs", "rwx", undefined]);
    assert.deepEqual(await fs.readdir(platform.paths.volumesDir), [`${volume.uuid}.folder`]);
    assert.equal((await fs.stat(folderOf(volume))).mode & 0o777, 0o700);
  });

  it("is mounted by several instances that write, also while one of them sleeps", async () => {
    const asleep = await write("asleep", {
      service_group: { services: [{ port: await freePort(), destination_port: 8080 }] },
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 10 },
    });
    await platform.waitForItem(asleep.uuid, ({ state }) => state === "standby");
    await write("second");
    const { items } = await platform.api("GET", "/v1/volumes?name=data");
    const mounters = items[0]?.["mounted_by"] as readonly { name: string; readonly: boolean }[];
    assert.deepEqual(mounters.map(({ name, readonly }) => [name, readonly]).sort(), [
      ["asleep", false],
      ["second", false],
    ]);
    const files = platform.vmm.starts.map(({ disks }) => disks[0]?.file);
    assert.deepEqual(files, [files[0], files[0]]);
  });

  it("grows by its figure, is copied with its files, and is deleted with them", async () => {
    const grown = await platform.requestItem("PATCH", "/v1/volumes", [
      { uuid: volume.uuid, prop: "size_mb", op: "set", value: 16 },
    ]);
    assert.equal(grown["status"], "success");
    assert.equal((await read())["size_mb"], 16);
    await fs.writeFile(path.join(folderOf(volume), "note"), "kept");
    const [clone] = (await platform.api("POST", "/v1/volumes/clone", [{ uuid: volume.uuid, vol_name: "copy" }])).items;
    assert.ok(clone);
    while ((await read("copy"))["state"] === "initializing") await new Promise((resolve) => setTimeout(resolve, 5));
    const copy = await read("copy");
    assert.deepEqual([copy["filesystem"], copy["access_mode"], copy["state"]], ["virtiofs", "rwx", "available"]);
    assert.equal(await fs.readFile(path.join(folderOf(copy), "note"), "utf8"), "kept");
    for (const { uuid } of [volume, copy]) await platform.requestItem("DELETE", "/v1/volumes", [{ uuid }]);
    assert.deepEqual(await fs.readdir(platform.paths.volumesDir), []);
  });

  it("is the same after a restart of the daemon", async () => {
    await platform.daemon.close();
    await platform.start({ stay: true });
    const item = await read();
    assert.deepEqual([item["state"], item["access_mode"]], ["available", "rwx"]);
    await write("one");
    await write("two");
  });
});
