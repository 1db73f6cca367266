/** Volumes, with disks checked by the tools of e2fsprogs. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { assertFileSystemSound, superblockLine, writeFileInDisk } from "../../support/disks";
import { TestPlatform } from "../../support/testPlatform";

const MIB = 1024 * 1024;

describe("volumes", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/volumes", body);
  const read = (uuid: string) => platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`);
  const patch = (uuid: string, prop: string, op: string, value?: unknown) =>
    platform.requestItem("PATCH", "/v1/volumes", [{ uuid, prop, op, value }]);
  const grow = (uuid: string, value: unknown) => patch(uuid, "size_mb", "set", value);
  const remove = (uuid: string) => platform.requestItem("DELETE", "/v1/volumes", [{ uuid }]);
  const disk = (uuid: string): string => path.join(platform.paths.volumesDir, `${uuid}.ext4`);
  const usedMb = async (): Promise<number> => {
    const { used } = (await platform.requestItem("GET", "/v1/users/quotas")) as unknown as {
      used: Record<string, number>;
    };
    return used["total_volume_mb"] ?? Number.NaN;
  };

  it("are valid, sparse ext4 disks of the requested size", async () => {
    const volume = await create({ name: "data", size_mb: 256 });
    assert.equal(volume["state"], "available");
    const { size, blocks } = await fs.stat(disk(volume.uuid));
    assert.equal(size, 256 * MIB);
    assert.ok(blocks * 512 < size / 4);
    assertFileSystemSound(disk(volume.uuid));
  });

  it("report what was set, the defaults and the free space", async () => {
    const plain = await create({ size_mb: 16 });
    assert.match(plain.name, /^vol-[a-z0-9]{5}$/);
    const { uuid } = await create({
      name: "data",
      size_mb: 1024, // with blocks of another size
      filesystem: "ext4",
      access_mode: "rox",
      quota_policy: "dynamic",
      tags: ["a", "b", "a"],
    });
    for (const [id, said] of [
      [plain.uuid, { size_mb: 16, access_mode: "rwo", quota_policy: "static", tags: [] }],
      [uuid, { name: "data", size_mb: 1024, access_mode: "rox", quota_policy: "dynamic", tags: ["a", "b"] }],
    ] as const) {
      const item = await read(id);
      const expected = { ...said, persistent: true, filesystem: "ext4", delete_lock: false };
      for (const [field, value] of Object.entries({ ...expected, attached_to: [], mounted_by: [] }))
        assert.deepEqual(item[field], value, field);
      const free = Number(superblockLine(disk(id), "Free blocks")) * Number(superblockLine(disk(id), "Block size"));
      assert.equal(item["free_mb"], Math.floor(free / MIB));
    }
    assert.deepEqual(
      (await platform.api("GET", "/v1/volumes?tags=a,b")).items.map((item) => item.uuid),
      [uuid],
    );
    assert.deepEqual((await platform.api("GET", "/v1/volumes?tags=a&tags=c")).items, []);
  });

  it("reject unsupported disks, each with its own code", async () => {
    const { uuid } = await create({ size_mb: 8 });
    for (const [code, body] of [
      [7, {}],
      [7, { size_mb: 8, args: { a: "b" } }],
      [1, { size_mb: 8, filesystem: "virtiofs" }],
      [1, { size_mb: 8, filesystem: "our-nfs", args: { server: "x" } }],
      [1, { size_mb: 8, access_mode: "rwx" }],
      [1, { size_mb: 8, access_mode: "rox", filesystem: "virtiofs" }],
      [7, { size_mb: 8, access_mode: "rwx", filesystem: "virtiofs", args: { a: "b" } }],
      [14, { host_path: "/etc" }],
      [14, { size_mb: 8, uid: 0 }],
      [14, { size_mb: 8, gid: 0 }],
      [7, { size_mb: 8, name: "a/b" }],
      [8, { template: { name: "nothing" } }],
      [24, { template: { uuid } }],
    ] as const) {
      assert.equal((await create(body))["error"], code, JSON.stringify(body));
    }
    assert.deepEqual(await fs.readdir(platform.paths.volumesDir), [`${uuid}.ext4`]);
  });

  it("grow with a valid file system that fills the disk, and never shrink", async () => {
    const { uuid } = await create({ size_mb: 16 });
    assert.equal((await grow(uuid, 32))["size_mb"], 32);
    assertFileSystemSound(disk(uuid));
    const fact = (name: string): number => Number(superblockLine(disk(uuid), name));
    assert.equal(fact("Block count") * fact("Block size"), 32 * MIB);
    assert.equal((await grow(uuid, 16))["error"], 7);
    assert.equal((await grow(uuid, "64"))["error"], 7);
    assert.equal((await grow(uuid, 32))["status"], "success");
  });

  it("change tags, policy and lock in place in the order of the request, also after a restart", async () => {
    const { uuid } = await create({ size_mb: 8, tags: ["a"] });
    const { items } = await platform.api("PATCH", "/v1/volumes", [
      { uuid, prop: "tags", op: "add", value: ["b", "a"], id: "first" },
      { uuid, prop: "size_mb", op: "set", value: 16 },
      { uuid, prop: "size_mb", op: "set", value: 24 },
      { uuid, prop: "tags", op: "del", value: ["a"] },
      { uuid, prop: "quota_policy", op: "set", value: "dynamic" },
      { uuid, prop: "delete_lock", op: "set", value: true },
    ]);
    assert.deepEqual(
      items.map((item) => item["status"]),
      items.map(() => "success"),
    );
    assert.equal(items[0]?.["id"], "first");
    platform.daemon.simulateKill();
    await platform.start();
    const item = await read(uuid);
    assert.deepEqual([item["tags"], item["size_mb"], item["quota_policy"]], [["b"], 24, "dynamic"]);
    assert.equal((await remove(uuid))["error"], 14);
    assert.equal((await patch(uuid, "delete_lock", "del"))["delete_lock"], false);
    assert.deepEqual((await patch(uuid, "tags", "del"))["tags"], []);
    assert.equal((await remove(uuid))["status"], "success");
  });

  it("reject operations and values that a property does not support", async () => {
    const { uuid } = await create({ size_mb: 8, tags: Array.from({ length: 16 }, (_, index) => `t${index}`) });
    for (const [prop, op, value] of [
      ["size_mb", "add", 8],
      ["size_mb", "del", undefined],
      ["size_mb", "set", 30000],
      ["quota_policy", "set", "half"],
      ["quota_policy", "del", undefined],
      ["delete_lock", "set", "yes"],
      ["delete_lock", "add", true],
      ["tags", "add", ["one-more"]],
      ["tags", "set", ["with blank"]],
      ["tags", "set", "a"],
    ] as const) {
      assert.equal((await patch(uuid, prop, op, value))["error"], 7, `${op} ${prop}`);
    }
    assert.equal((await platform.api("PATCH", "/v1/volumes", [{ uuid, prop: "name", op: "set" }])).httpStatus, 400);
  });

  it("reject sizes out of range, names that are taken and sizes over the quota", async () => {
    assert.equal((await create({ size_mb: 4 }))["error"], 7);
    assert.equal((await create({ size_mb: 30000 }))["error"], 7);
    await create({ name: "data", size_mb: 8 });
    assert.equal((await create({ name: "data", size_mb: 8 }))["error"], 23);
    const over = await create({ size_mb: 20480 });
    assert.equal(over["error"], 19);
    assert.match(over.message, /total_volume_mb/);
  });

  it("count their full size against the quota, or the written bytes with the dynamic policy", async () => {
    await create({ size_mb: 64 });
    assert.equal(await usedMb(), 64);
    const { uuid } = await create({ size_mb: 512, quota_policy: "dynamic" });
    const writtenMb = async () => Math.ceil(((await fs.stat(disk(uuid))).blocks * 512) / MIB);
    assert.equal(await usedMb(), 64 + (await writtenMb()));
    const before = await writtenMb();
    const file = path.join(platform.folder, "filler");
    await fs.writeFile(file, Buffer.alloc(20 * MIB, 1));
    writeFileInDisk(disk(uuid), file, "filler");
    assert.ok((await writtenMb()) >= before + 20);
    assert.equal(await usedMb(), 64 + (await writtenMb()));
    await patch(uuid, "quota_policy", "set", "static");
    assert.equal(await usedMb(), 64 + 512);
  });

  it("stay within the quota together when they grow at the same time", async () => {
    const volumes = await Promise.all(Array.from({ length: 4 }, () => create({ size_mb: 8 })));
    const room = 20480 - 4 * 8;
    const grown = await Promise.all(volumes.map(({ uuid }) => grow(uuid, 8 + Math.floor(room / 3))));
    assert.deepEqual(grown.map((item) => item["error"] ?? 0).sort(), [0, 0, 0, 19]);
    assert.ok((await usedMb()) <= 20480);
  });

  it("list their attachments and mounts, and cannot be deleted or grown meanwhile", async () => {
    const { uuid } = await create({ name: "data", size_mb: 8 });
    const instance = await platform.requestItem("POST", "/v1/instances", {
      name: "i",
      image: "app:1",
      volumes: [{ uuid, at: "/data" }],
    });
    assert.equal((await read(uuid))["state"], "idle");
    await platform.api("PUT", "/v1/instances/start", [{ name: "i" }]);
    const mounted = await read(uuid);
    assert.equal(mounted["state"], "mounted");
    assert.deepEqual(mounted["mounted_by"], [{ uuid: instance.uuid, name: "i", readonly: false }]);
    assert.equal(mounted["free_mb"], undefined, "a guest that writes knows better");
    assert.equal((await remove(uuid))["error"], 15);
    assert.equal((await grow(uuid, 16))["error"], 15);
    await platform.api("DELETE", "/v1/instances", [{ name: "i" }]);
    assert.equal((await read(uuid))["state"], "available");
    assert.equal((await remove(uuid))["status"], "success");
    await assert.rejects(fs.stat(disk(uuid)), { code: "ENOENT" });
  });

  it("attach to one writer or many readers", async () => {
    const { uuid } = await create({ name: "data", size_mb: 8 });
    const attach = (name: string, readonly: boolean) =>
      platform.requestItem("POST", "/v1/instances", {
        name,
        image: "app:1",
        volumes: [{ uuid, at: "/data", readonly }],
      });
    assert.equal((await attach("r1", true))["status"], "success");
    assert.equal((await attach("r2", true))["status"], "success");
    const writer = await attach("w", false);
    assert.equal(writer["error"], 15);
    assert.match(writer.message, /'data'.*'r1'/);
  });

  it("reject mount paths that are not absolute or used twice", async () => {
    const [a, b] = [await create({ size_mb: 8 }), await create({ size_mb: 8 })];
    const attach = (...places: string[]) =>
      platform.requestItem("POST", "/v1/instances", {
        image: "app:1",
        volumes: places.map((at, index) => ({ uuid: [a, b][index]?.uuid, at })),
      });
    for (const at of ["data", "/", "/a/../b", "/a:b", "/a\nb"]) assert.equal((await attach(at))["error"], 7, at);
    assert.equal((await attach("/a", "/a"))["error"], 7);
  });

  it("that a killed daemon left incomplete are deleted at the next start", async () => {
    const { uuid } = await create({ name: "whole", size_mb: 8 });
    await fs.writeFile(disk("22222222-2222-4222-8222-222222222222"), "half");
    platform.daemon.simulateKill();
    await platform.start();
    assert.deepEqual(await fs.readdir(platform.paths.volumesDir), [`${uuid}.ext4`]);
  });
});
