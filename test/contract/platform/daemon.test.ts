/** One daemon per state folder, its life and its end, over real HTTP with VMs in memory. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import { TestPlatform, send } from "../../support/testDaemon";
import { freePort } from "../../support/localPlatform";

describe("the daemon", () => {
  let platform: TestPlatform;
  beforeEach(async () => (platform = await TestPlatform.open()));
  afterEach(() => platform.close());

  it("announces itself in daemon.json and keeps its secrets to its user", async () => {
    await platform.start();
    const announced = JSON.parse(await fs.readFile(platform.paths.daemonFile, "utf8")) as Record<string, unknown>;
    assert.equal(announced["url"], platform.daemon.url);
    assert.equal(announced["pid"], process.pid);
    const { stay, strict2026, quotas } = announced["settings"] as Record<string, unknown>;
    assert.deepEqual([stay, strict2026, (quotas as Record<string, number>)["volumes"]], [true, false, 253]);
    assert.match(platform.daemon.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(await fs.readFile(platform.paths.tokenFile, "utf8"), /^[0-9a-f]{64}$/);
    for (const folder of [platform.paths.state, platform.paths.images]) {
      assert.equal((await fs.stat(folder)).mode & 0o777, 0o700, folder); // made by whoever stored the first image
    }
    for (const file of [
      platform.paths.daemonFile,
      platform.paths.tokenFile,
      platform.paths.database,
      platform.paths.logFile,
    ]) {
      assert.equal((await fs.stat(file)).mode & 0o777, 0o600, file);
    }
  });

  it("is the only one of its folder", async () => {
    const first = await platform.start();
    assert.equal(await platform.start(), undefined);
    await first?.close();
    assert.notEqual(await platform.start(), undefined);
  });

  it("keeps its token from one life to the next while something exists", async () => {
    await platform.start();
    const { token } = platform.daemon;
    await platform.api("POST", "/v1/services", { name: "kept", services: [{ port: await freePort() }] });
    await platform.daemon.close();
    await platform.start();
    assert.equal(platform.daemon.token, token);
  });

  it("removes daemon.json when told to end, and serves no more", async () => {
    await platform.start();
    const { url } = platform.daemon;
    await platform.api("POST", "/v1/services", { name: "kept", services: [{ port: await freePort() }] });
    await platform.daemon.close();
    await assert.rejects(fs.stat(platform.paths.daemonFile), { code: "ENOENT" });
    await assert.rejects(send(url, "GET", {}, undefined, new http.Agent()), { code: "ECONNREFUSED" });
  });

  it("ends by itself when nothing exists and leaves no file but the images", async () => {
    await platform.start({ stay: false, timings: { idleExitMs: 30 } });
    const port = await freePort();
    const instance = await platform.running({ name: "short" });
    const service = await platform.one("POST", "/v1/services", { services: [{ port }] });
    const volume = await platform.one("POST", "/v1/volumes", { size_mb: 8 });
    await platform.api("DELETE", "/v1/instances", [{ uuid: instance.uuid }]);
    await platform.api("DELETE", "/v1/services", [{ uuid: service.uuid }]);
    await platform.api("DELETE", "/v1/volumes", [{ uuid: volume.uuid }]);
    await platform.daemon.ended;
    assert.deepEqual(await fs.readdir(platform.paths.state), ["images"]);
    await assert.rejects(fs.stat(platform.paths.run), { code: "ENOENT" });
  });

  it("removes the state folder too when there are no images", async () => {
    await fs.rm(platform.paths.images, { recursive: true });
    await platform.start({ stay: false, timings: { idleExitMs: 10 } });
    await platform.daemon.ended;
    await assert.rejects(fs.stat(platform.paths.state), { code: "ENOENT" });
  });

  it("does not end while something exists", async () => {
    const port = await freePort();
    await platform.start({ stay: false, timings: { idleExitMs: 100 } });
    const service = await platform.one("POST", "/v1/services", { services: [{ port }] });
    const asked = Array.from({ length: 20 }, () => platform.api("GET", `/v1/services?uuid=${service.uuid}`));
    assert.ok((await Promise.all(asked)).every((answer) => answer.httpStatus === 200));
    await platform.api("DELETE", "/v1/services", [{ uuid: service.uuid }]);
    await platform.daemon.ended;
  });

  it("logs events as JSON lines, and neither tokens nor env values", async () => {
    await platform.start();
    await platform.running({ name: "quiet", env: { PASSWORD: "hunter2-secret" } });
    const lines = (await fs.readFile(platform.paths.logFile, "utf8")).trim().split("\n");
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    assert.ok(events.includes("daemon.ready") && events.includes("instance.created"));
    assert.doesNotMatch(lines.join("\n"), /hunter2-secret/);
    assert.ok(!lines.join("\n").includes(platform.daemon.token));
  });
});
