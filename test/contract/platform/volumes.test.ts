/** Volumes, judged by the tools of e2fsprogs where a disk is concerned. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { TestPlatform } from "../../support/testDaemon";

const tool = (name: string, ...args: string[]): string =>
  childProcess.execFileSync(`/usr/sbin/${name}`, args, { encoding: "utf8", stdio: "pipe" });

describe("volumes", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.one("POST", "/v1/volumes", body);
  const grow = (uuid: string, value: unknown) =>
    platform.one("PATCH", "/v1/volumes", [{ uuid, prop: "size_mb", op: "set", value }]);
  const disk = (uuid: string): string => path.join(platform.paths.volumes, `${uuid}.ext4`);

  it("are sound, sparse ext4 disks of the size asked for", async () => {
    const volume = await create({ name: "data", size_mb: 256 });
    assert.equal(volume["state"], "available");
    const { size, blocks } = await fs.stat(disk(volume.uuid));
    assert.equal(size, 256 * 1024 * 1024);
    assert.ok(blocks * 512 < size / 4);
    tool("e2fsck", "-f", "-n", disk(volume.uuid));
  });

  it("grow and keep a sound file system that fills the disk, and never shrink", async () => {
    const { uuid } = await create({ size_mb: 16 });
    assert.equal((await grow(uuid, 32))["size_mb"], 32);
    tool("e2fsck", "-f", "-n", disk(uuid));
    const facts = tool("dumpe2fs", "-h", disk(uuid));
    const fact = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(facts)?.[1]);
    assert.equal(fact("Block count") * fact("Block size"), 32 * 1024 * 1024);
    assert.equal((await grow(uuid, 16))["error"], 7);
    assert.equal((await grow(uuid, "64"))["error"], 7);
    assert.equal((await grow(uuid, 32))["status"], "success");
  });

  it("refuse sizes out of range, names that are taken, and more than the quota", async () => {
    assert.equal((await create({ size_mb: 4 }))["error"], 7);
    assert.equal((await create({ size_mb: 30000 }))["error"], 7);
    await create({ name: "data", size_mb: 8 });
    assert.equal((await create({ name: "data", size_mb: 8 }))["error"], 23);
    const over = await create({ size_mb: 20480 });
    assert.equal(over["error"], 19);
    assert.match(over.message, /total_volume_mb/);
  });

  it("show who they are attached to and mounted by, and cannot go or grow meanwhile", async () => {
    const { uuid } = await create({ name: "data", size_mb: 8 });
    const instance = await platform.one("POST", "/v1/instances", {
      name: "i",
      image: "app:1",
      volumes: [{ uuid, at: "/data" }],
    });
    const read = async () => (await platform.api("GET", `/v1/volumes?uuid=${uuid}`)).items[0];
    assert.equal((await read())?.["state"], "idle");
    await platform.api("PUT", "/v1/instances/start", [{ name: "i" }]);
    assert.equal((await read())?.["state"], "mounted");
    assert.deepEqual((await read())?.["mounted_by"], [{ uuid: instance.uuid, name: "i", readonly: false }]);
    assert.equal((await platform.one("DELETE", "/v1/volumes", [{ uuid }]))["error"], 15);
    assert.equal((await grow(uuid, 16))["error"], 15);
    await platform.api("DELETE", "/v1/instances", [{ name: "i" }]);
    assert.equal((await read())?.["state"], "available");
    assert.equal((await platform.one("DELETE", "/v1/volumes", [{ uuid }]))["status"], "success");
    await assert.rejects(fs.stat(disk(uuid)), { code: "ENOENT" });
  });

  it("attach to one writer or many readers", async () => {
    const { uuid } = await create({ name: "data", size_mb: 8 });
    const attach = (name: string, readonly: boolean) =>
      platform.one("POST", "/v1/instances", { name, image: "app:1", volumes: [{ uuid, at: "/data", readonly }] });
    assert.equal((await attach("r1", true))["status"], "success");
    assert.equal((await attach("r2", true))["status"], "success");
    const writer = await attach("w", false);
    assert.equal(writer["error"], 15);
    assert.match(writer.message, /'data'.*'r1'/);
  });

  it("refuse places that are no absolute paths or are used twice", async () => {
    const [a, b] = [await create({ size_mb: 8 }), await create({ size_mb: 8 })];
    const attach = (...places: string[]) =>
      platform.one("POST", "/v1/instances", {
        image: "app:1",
        volumes: places.map((at, index) => ({ uuid: [a, b][index]?.uuid, at })),
      });
    for (const at of ["data", "/", "/a/../b", "/a:b"]) assert.equal((await attach(at))["error"], 7, at);
    assert.equal((await attach("/a", "/a"))["error"], 7);
  });

  it("that a killed daemon left half made are gone afterwards", async () => {
    const { uuid } = await create({ name: "whole", size_mb: 8 });
    await fs.writeFile(disk("22222222-2222-4222-8222-222222222222"), "half");
    platform.daemon.abandon();
    await platform.start();
    assert.deepEqual(await fs.readdir(platform.paths.volumes), [`${uuid}.ext4`]);
  });
});
