/** Clones of volumes, templates, and volumes created from them; e2fsprogs checks the copies. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import {
  assertFileSystemSound,
  BlockedDiskCopies,
  readFileInDisk,
  superblockLine,
  writeFileInDisk,
} from "../../support/disks";
import { type Item, TestPlatform } from "../../support/testPlatform";

describe("copies of volumes", () => {
  let platform: TestPlatform;
  let held: BlockedDiskCopies | undefined;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(async () => {
    await platform.close();
    await held?.remove();
    held = undefined;
  });

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/volumes", body);
  const clone = (uuid: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("POST", "/v1/volumes/clone", [{ uuid, ...more }]);
  const convert = (uuid: string) => platform.requestItem("POST", "/v1/volumes/templates", [{ uuid }]);
  const read = (uuid: string) => platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`);
  const remove = (uuid: string, route = "/v1/volumes") => platform.requestItem("DELETE", route, [{ uuid }]);
  const disk = (uuid: string): string => path.join(platform.paths.volumesDir, `${uuid}.ext4`);
  const names = (items: readonly Item[]) => items.map(({ name }) => name);
  const disksLeft = async () => (await fs.readdir(platform.paths.volumesDir)).sort();

  /** Reads a volume until its disk is created or has failed. */
  async function settled(uuid: string): Promise<Item> {
    for (;;) {
      const item = await read(uuid);
      if (item["state"] !== "initializing") return item;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** A volume of this size with this text in the file `note`. */
  async function noted(body: Record<string, unknown>, note: string): Promise<Item> {
    const volume = await create(body);
    const file = path.join(platform.folder, "note");
    await fs.writeFile(file, note);
    writeFileInDisk(disk(volume.uuid), file, "note");
    return volume;
  }

  const instance = (name: string, uuid: string, readonly: boolean, more: Record<string, unknown> = {}) => {
    const volumes = [{ uuid, at: "/data", readonly }];
    return platform.requestItem("POST", "/v1/instances", { name, image: "app:1", volumes, ...more });
  };

  describe("as clones", () => {
    it("have the content of the source, equally sparse, in a valid file system with its own UUID", async () => {
      const source = await noted({ size_mb: 256, access_mode: "rox", quota_policy: "dynamic", tags: ["a"] }, "hello");
      const begun = await clone(source.uuid);
      assert.equal(begun["status"], "success");
      assert.match(begun.name, /^vol-[a-z0-9]{5}$/);
      const copy = await settled(begun.uuid);
      const said = ["state", "size_mb", "access_mode", "quota_policy", "persistent", "tags"].map((key) => copy[key]);
      assert.deepEqual(said, ["available", 256, "rox", "dynamic", true, []]);
      assertFileSystemSound(disk(copy.uuid));
      assert.equal(readFileInDisk(disk(copy.uuid), "note"), "hello");
      const uuidOf = (uuid: string): string => superblockLine(disk(uuid), "Filesystem UUID");
      assert.notEqual(uuidOf(copy.uuid), uuidOf(source.uuid));
      const [mine, theirs] = [await fs.stat(disk(copy.uuid)), await fs.stat(disk(source.uuid))];
      assert.equal(mine.size, theirs.size);
      assert.ok(mine.blocks <= theirs.blocks * 1.1, `${mine.blocks} blocks instead of ${theirs.blocks}`);
    });

    it("can have another name, policy, mode and tags, and change independently", async () => {
      const source = await create({ name: "source", size_mb: 8 });
      const told = { vol_name: "copy", access_mode: "rox", quota_policy: "dynamic", tags: ["x"] };
      const copy = await settled((await clone(source.uuid, told)).uuid);
      const said = [copy.name, ...["access_mode", "quota_policy", "tags"].map((key) => copy[key])];
      assert.deepEqual(said, ["copy", "rox", "dynamic", ["x"]]);
      await platform.requestItem("PATCH", "/v1/volumes", [{ uuid: copy.uuid, prop: "size_mb", op: "set", value: 16 }]);
      assert.equal((await read(source.uuid))["size_mb"], 8);
      assert.equal((await remove(source.uuid))["status"], "success");
      assertFileSystemSound(disk(copy.uuid));
    });

    it("are rejected for sources with a writer, missing sources and templates, taken names and over quota", async () => {
      const source = await create({ name: "source", size_mb: 8 });
      assert.equal((await clone("22222222-2222-4222-8222-222222222222"))["error"], 8);
      assert.equal((await clone(source.uuid, { vol_name: "source" }))["error"], 23);
      assert.equal((await clone(source.uuid, { access_mode: "rwx" }))["error"], 1);
      const { items } = await platform.api("POST", "/v1/volumes/clone", [
        { uuid: source.uuid, vol_name: "twice" },
        { uuid: source.uuid, vol_name: "twice" },
      ]);
      assert.deepEqual(items.map((item) => item["error"] ?? 0).sort(), [0, 23]);
      await instance("i", source.uuid, false);
      assert.equal((await clone(source.uuid, { vol_name: "of-idle" }))["status"], "success");
      await platform.requestItem("PUT", "/v1/instances/start", [{ name: "i" }]);
      assert.equal((await clone(source.uuid))["error"], 15);
      const template = await create({ size_mb: 8 });
      await convert(template.uuid);
      assert.equal((await clone(template.uuid))["error"], 24);
      const large = await create({ size_mb: 20480 - 100 });
      assert.equal((await clone(large.uuid))["error"], 19);
    });

    it("can be created while the source is only read", async () => {
      const source = await noted({ size_mb: 8 }, "hello");
      const running = await instance("i", source.uuid, true, { autostart: true, timeout_s: 10 });
      assert.equal(running["status"], "success", running.message);
      const copy = await settled((await clone(source.uuid)).uuid);
      assert.equal(copy["state"], "available");
      assert.equal(readFileInDisk(disk(copy.uuid), "note"), "hello");
    });

    it("return before they are complete, and block changes of both volumes until then", async () => {
      const source = await noted({ size_mb: 8 }, "hello");
      held = await BlockedDiskCopies.begin();
      const { uuid, state } = await clone(source.uuid);
      assert.deepEqual(
        [state, (await read(uuid))["state"], (await read(source.uuid))["state"]],
        ["initializing", "initializing", "busy"],
      );
      for (const one of [uuid, source.uuid]) {
        assert.equal((await remove(one))["error"], 10);
        assert.equal((await convert(one))["error"], 10);
        const growth = [{ uuid: one, prop: "size_mb", op: "set", value: 16 }];
        assert.equal((await platform.requestItem("PATCH", "/v1/volumes", growth))["error"], 10);
      }
      assert.equal((await clone(uuid))["error"], 10, "half a volume is nothing to copy");
      const second = await clone(source.uuid);
      await platform.requestItem("PATCH", "/v1/volumes", [{ uuid, prop: "tags", op: "set", value: ["early"] }]);
      await held.unblock();
      for (const one of [uuid, second.uuid]) {
        assert.equal((await settled(one))["state"], "available");
        assert.equal(readFileInDisk(disk(one), "note"), "hello");
      }
      assert.deepEqual((await read(uuid))["tags"], ["early"]);
      assert.equal((await remove(source.uuid))["status"], "success");
    });

    it("are complete before an instance that writes to the source starts", async () => {
      const source = await noted({ size_mb: 8 }, "hello");
      await instance("i", source.uuid, false);
      held = await BlockedDiskCopies.begin();
      const { uuid } = await clone(source.uuid);
      const started = platform.requestItem("PUT", "/v1/instances/start", [{ name: "i" }]);
      while ((await read(source.uuid))["state"] !== "mounted");
      assert.equal(platform.vmm.starts.length, 0);
      await held.unblock();
      await started;
      assert.equal(platform.vmm.starts.length, 1);
      assert.equal((await settled(uuid))["state"], "available");
      assert.equal(readFileInDisk(disk(uuid), "note"), "hello");
    });

    it("are complete or absent after a concurrent delete", async () => {
      for (let round = 0; round < 8; round++) {
        const source = await noted({ size_mb: 16 }, "hello");
        const asked = [() => remove(source.uuid), () => clone(source.uuid)];
        if (round % 2 === 1) asked.reverse();
        const answers = await Promise.all(asked.map((ask) => ask()));
        const [removed, begun] = round % 2 === 1 ? [answers[1], answers[0]] : answers;
        assert.notEqual(removed?.["status"], begun?.["status"], JSON.stringify(answers));
        if (begun?.["status"] === "success") {
          const copy = await settled(begun.uuid);
          assert.equal(copy["state"], "available");
          assert.equal(readFileInDisk(disk(copy.uuid), "note"), "hello");
          for (const uuid of [copy.uuid, source.uuid]) assert.equal((await remove(uuid))["status"], "success");
        }
        assert.deepEqual(await disksLeft(), []);
      }
    });

    it("that a killed daemon left incomplete are deleted, and the source is intact", async () => {
      const source = await noted({ size_mb: 8 }, "hello");
      held = await BlockedDiskCopies.begin();
      const { uuid } = await clone(source.uuid);
      platform.daemon.simulateKill();
      await fs.writeFile(disk(uuid), "half");
      await platform.start();
      await held.unblock();
      assert.equal((await read(uuid))["error"], 8);
      assert.deepEqual(await disksLeft(), [`${source.uuid}.ext4`]);
      assert.equal((await read(source.uuid))["state"], "available");
      assertFileSystemSound(disk(source.uuid));
      assert.equal(readFileInDisk(disk(source.uuid), "note"), "hello");
    });

    it("report a failure and can be deleted", async () => {
      const source = await create({ size_mb: 8 });
      const handle = await fs.open(disk(source.uuid), "r+");
      await handle.write(Buffer.alloc(64 * 1024, 0xff), 0, 64 * 1024, 0);
      await handle.close();
      const copy = await settled((await clone(source.uuid)).uuid);
      assert.equal(copy["state"], "error");
      const attached = await instance("i", copy.uuid, false);
      assert.equal(attached["error"], 24);
      assert.equal((await remove(copy.uuid))["status"], "success");
      assert.deepEqual(await disksLeft(), [`${source.uuid}.ext4`]);
    });
  });

  describe("as templates", () => {
    it("provide content and size for any number of volumes at once", async () => {
      const template = await noted({ name: "base", size_mb: 32, tags: ["t"] }, "hello");
      assert.equal((await convert(template.uuid))["state"], "template");
      const made = await Promise.all(["a", "b", "c"].map((name) => create({ name, template: { name: "base" } })));
      for (const volume of made) {
        assert.deepEqual([volume["state"], volume["size_mb"], volume["tags"]], ["available", 32, []]);
        assertFileSystemSound(disk(volume.uuid));
        assert.equal(readFileInDisk(disk(volume.uuid), "note"), "hello");
      }
      const both = await create({ template: { name: "base" }, size_mb: 64 });
      assert.equal(both["error"], 17);
    });

    it("are listed apart by page, tag, name and uuid, and survive a restart", async () => {
      await create({ name: "volume", size_mb: 8 });
      for (const name of ["one", "two"]) await convert((await create({ name, size_mb: 8, tags: [name] })).uuid);
      platform.daemon.simulateKill();
      await platform.start();
      const listed = async (query: string) => names((await platform.api("GET", `/v1/volumes/templates${query}`)).items);
      assert.deepEqual(names((await platform.api("GET", "/v1/volumes")).items), ["volume"]);
      assert.deepEqual(await listed(""), ["one", "two"]);
      assert.deepEqual(await listed("?count=1&order=desc"), ["two"]);
      assert.deepEqual(await listed("?tags=one"), ["one"]);
      const [one] = (await platform.api("GET", "/v1/volumes/templates?name=one")).items;
      assert.equal(one?.["state"], "template");
      assert.equal((await read(one?.uuid ?? "")).name, "one");
      assert.equal((await platform.requestItem("GET", "/v1/volumes/templates?name=volume"))["error"], 8);
    });

    it("cannot be attached, grown, cloned or deleted as volumes", async () => {
      const { uuid } = await create({ name: "base", size_mb: 8 });
      await convert(uuid);
      assert.equal((await convert(uuid))["state"], "template", "asked for again it is what it is");
      assert.equal((await instance("i", uuid, true))["error"], 24);
      await platform.requestItem("POST", "/v1/instances", { name: "j", image: "app:1" });
      const to = { attach_to: { name: "j" }, at: "/data", readonly: true };
      assert.equal((await platform.requestItem("PUT", "/v1/volumes/attach", [{ uuid, ...to }]))["error"], 24);
      const growth = [{ uuid, prop: "size_mb", op: "set", value: 16 }];
      assert.equal((await platform.requestItem("PATCH", "/v1/volumes", growth))["error"], 24);
      assert.equal((await platform.api("PATCH", "/v1/volumes/templates", growth)).httpStatus, 400);
      assert.equal((await remove(uuid))["error"], 24);
    });

    it("allow tags and a lock, which prevents deletion", async () => {
      const { uuid } = await create({ size_mb: 8 });
      await convert(uuid);
      const { items } = await platform.api("PATCH", "/v1/volumes/templates", [
        { uuid, prop: "tags", op: "set", value: ["a"], id: "1" },
        { uuid, prop: "delete_lock", op: "set", value: true },
      ]);
      assert.deepEqual([items[0]?.["id"], items[1]?.["tags"]], ["1", ["a"]]);
      assert.equal((await remove(uuid, "/v1/volumes/templates"))["error"], 14);
      await platform.requestItem("PATCH", "/v1/volumes/templates", [{ uuid, prop: "delete_lock", op: "del" }]);
      assert.equal((await remove(uuid, "/v1/volumes/templates"))["status"], "success");
      assert.deepEqual(await disksLeft(), []);
    });

    it("are created only from detached volumes", async () => {
      const { uuid } = await create({ size_mb: 8 });
      await instance("i", uuid, true);
      assert.equal((await convert(uuid))["error"], 15);
      await platform.requestItem("PUT", "/v1/volumes/detach", [{ uuid }]);
      assert.equal((await convert(uuid))["state"], "template");
    });

    it("cannot be deleted while a volume is created from them", async () => {
      const template = await noted({ size_mb: 8 }, "hello");
      await convert(template.uuid);
      held = await BlockedDiskCopies.begin();
      const making = create({ name: "made", template: { uuid: template.uuid } });
      while ((await platform.requestItem("GET", "/v1/volumes?name=made"))["state"] !== "initializing");
      assert.equal((await remove(template.uuid, "/v1/volumes/templates"))["error"], 10);
      await held.unblock();
      assert.equal(readFileInDisk(disk((await making).uuid), "note"), "hello");
      assert.equal((await remove(template.uuid, "/v1/volumes/templates"))["status"], "success");
    });
  });
});
