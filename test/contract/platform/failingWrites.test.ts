/** What a daemon makes of a database that cannot be written for a while: it goes on, and nothing stays half done. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { mock } from "node:test";
import { makeDisk, untilUntouched } from "../../../provider/platform/volume/disk";
import { type FailingWrites, failWrites } from "../../support/failingWrites";
import { TestPlatform } from "../../support/testDaemon";

describe("a database that cannot be written", () => {
  let platform: TestPlatform;
  let failing: FailingWrites | undefined;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(async () => {
    failing?.end();
    await platform.close();
  });

  const volume = (uuid: string) => platform.one("GET", `/v1/volumes?uuid=${uuid}`);
  async function untilVolume(uuid: string, state: string): Promise<void> {
    while ((await volume(uuid))["state"] !== state) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  it("makes of a clone an error, which can be deleted", async () => {
    const source = await platform.one("POST", "/v1/volumes", { size_mb: 8 });
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    const clone = await platform.one("POST", "/v1/volumes/clone", [{ uuid: source.uuid }]);
    await untilVolume(clone.uuid, "error");
    assert.equal((await platform.one("DELETE", "/v1/volumes", [{ uuid: clone.uuid }]))["status"], "success");
  });

  it("makes no volume of which it answers an error", async () => {
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    assert.equal((await platform.one("POST", "/v1/volumes", { size_mb: 8 }))["status"], "error");
    assert.deepEqual((await platform.api("GET", "/v1/volumes")).items, []);
    assert.deepEqual(fs.readdirSync(platform.paths.volumes), []);
  });

  it("leaves of a volume that can be neither made nor removed an error, which can be deleted", async () => {
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    const removals = failWrites("DELETE FROM volumes");
    assert.equal((await platform.one("POST", "/v1/volumes", { name: "v", size_mb: 8 }))["status"], "error");
    removals.end();
    assert.equal((await platform.one("GET", "/v1/volumes?name=v"))["state"], "error");
    assert.equal((await platform.one("DELETE", "/v1/volumes", [{ name: "v" }]))["status"], "success");
  });

  it("lets a volume be used that has grown", async () => {
    const { uuid } = await platform.one("POST", "/v1/volumes", { size_mb: 8 });
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    await platform.api("PATCH", "/v1/volumes", [{ uuid, prop: "size_mb", op: "set", value: 16 }]);
    assert.deepEqual([(await volume(uuid))["state"], (await volume(uuid))["size_mb"]], ["available", 16]);
    failing.end();
    platform.daemon.abandon();
    await platform.start();
    await untilVolume(uuid, "available");
  });

  it("lets a volume be used whose growth a killed daemon cut off", async () => {
    const { uuid } = await platform.one("POST", "/v1/volumes", { size_mb: 8 });
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    const grown = platform.api("PATCH", "/v1/volumes", [{ uuid, prop: "size_mb", op: "set", value: 16 }]);
    await grown; // written is only that it grows
    platform.daemon.abandon();
    await platform.start();
    await untilVolume(uuid, "available");
  });
});

describe("a disk", () => {
  it("is waited for where the processes cannot be listed", async () => {
    const platform = await TestPlatform.open();
    const disk = `${platform.folder}/disk.ext4`;
    await makeDisk(disk, 8);
    const { readdir } = fs.promises;
    let looks = 0;
    const listing = mock.method(fs.promises, "readdir", (...args: Parameters<typeof readdir>) =>
      ++looks === 1 ? Promise.reject(new Error("EMFILE: too many open files")) : readdir(...args),
    );
    await untilUntouched(disk);
    listing.mock.restore();
    assert.ok(looks > 1);
    await platform.close();
  });
});
