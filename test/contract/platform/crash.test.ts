/** Consistency after concurrent operations, partial failures and kills of the daemon. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Layout } from "../../../provider/image/oci/layout";
import { TestPlatform } from "../../support/testPlatform";

describe("the daemon under concurrent operations and kills", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  it("fails a create with not found if the image is removed meanwhile", async () => {
    const file = path.join(platform.folder, "gone");
    const kernel = { digest: `sha256:${"0".repeat(64)}`, sizeBytes: 1, blob: file, entry: "kernel" } as const;
    const images: Pick<Layout, "resolve" | "list"> = {
      resolve: async () => ({
        ...{ repository: "app", digest: kernel.digest, sizeBytes: 1, cmd: ["/x"], env: {}, labels: {}, kernel },
        platform: { architecture: "x86_64", os: "qemu" },
      }),
      list: async () => [],
    };
    await platform.daemon.close();
    await platform.start({ images });
    const created = await platform.requestItem("POST", "/v1/instances", { name: "late", image: "app:1" });
    assert.equal(created["error"], 8, created.message);
  });

  describe("with a volume that is growing", () => {
    const searchPath = process.env["PATH"];
    let tools: string;
    const has = (name: string): boolean => fs.existsSync(path.join(tools, name));
    const untilBegun = async (): Promise<void> => {
      while (!has("begun")) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const grow = (uuid: string) =>
      platform.api("PATCH", "/v1/volumes", [{ uuid, prop: "size_mb", op: "set", value: 16 }]);

    /** A `resize2fs` that starts its work when the file `go` appears. */
    beforeEach(() => {
      tools = path.join(platform.folder, "tools");
      fs.mkdirSync(tools);
      const wait = `touch ${tools}/begun; while ! [ -e ${tools}/go ]; do sleep 0.01; done`;
      const script = `#!/bin/sh\n${wait}\n/usr/sbin/resize2fs "$@" && touch ${tools}/done\n`;
      fs.writeFileSync(path.join(tools, "resize2fs"), script, { mode: 0o755 });
      process.env["PATH"] = `${tools}:${searchPath}`;
    });
    afterEach(() => {
      process.env["PATH"] = searchPath;
      fs.writeFileSync(path.join(tools, "go"), "");
    });

    it("delays the start of an instance that uses the volume", async () => {
      const { uuid } = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
      const volumes = [{ uuid, at: "/data" }];
      await platform.requestItem("POST", "/v1/instances", { name: "user", image: "app:1", volumes });
      let doneBefore: boolean | undefined;
      platform.guests.set("user", () => ((doneBefore = has("done")), {}));
      const growing = grow(uuid);
      await untilBegun();
      const starting = platform.requestItem("PUT", "/v1/instances/start", [{ name: "user" }]);
      while ((await platform.requestItem("GET", "/v1/instances?name=user"))["state"] === "stopped");
      fs.writeFileSync(path.join(tools, "go"), "");
      assert.deepEqual([(await growing).status, (await starting)["status"]], ["success", "success"]);
      assert.equal(doneBefore, true);
    });

    it("keeps the volume busy after a kill until resize2fs ends, then allows the growth again", async () => {
      const { uuid } = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
      const volume = () => platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`);
      const cutOff = grow(uuid).catch(() => undefined);
      await untilBegun();
      platform.daemon.simulateKill();
      await cutOff;
      await platform.start();
      assert.equal((await volume())["state"], "busy");
      fs.writeFileSync(path.join(tools, "go"), "");
      while ((await volume())["state"] === "busy");
      assert.ok(has("done"));
      assert.deepEqual([(await volume())["state"], (await volume())["size_mb"]], ["available", 8]);
      assert.equal((await grow(uuid)).items[0]?.["size_mb"], 16);
    });
  });

  it("never restores a volume whose disk could not be removed, and removes the disk later", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    const disk = path.join(platform.paths.volumesDir, `${uuid}.ext4`);
    fs.rmSync(disk);
    fs.mkdirSync(path.join(disk, "in the way"), { recursive: true });
    await platform.requestItem("DELETE", "/v1/volumes", [{ uuid }]);
    assert.equal((await platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`))["error"], 8);
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal((await platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`))["error"], 8);
    assert.deepEqual(fs.readdirSync(platform.paths.volumesDir), []);
  });

  it("keeps the boot files of an instance while others of the same image are deleted", async () => {
    for (let round = 0; round < 30; round++) {
      await platform.requestItem("POST", "/v1/instances", { name: `old-${round}`, image: "app:1" });
      const [created] = await Promise.all([
        platform.requestItem("POST", "/v1/instances", { name: `new-${round}`, image: "app:1", autostart: true }),
        platform.requestItem("DELETE", "/v1/instances", [{ name: `old-${round}` }]),
      ]);
      assert.equal(created["status"], "success");
      assert.ok(fs.existsSync(platform.vmm.starts.at(-1)?.kernel ?? ""), `round ${round}`);
      await platform.requestItem("DELETE", "/v1/instances", [{ uuid: created.uuid }]);
    }
    assert.deepEqual(fs.readdirSync(platform.paths.bootDir), []);
  });
});
