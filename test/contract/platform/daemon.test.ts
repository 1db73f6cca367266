/** One daemon per state folder, its lifetime and exit, over real HTTP with VMs in memory. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import { DatabaseSync } from "node:sqlite";
import { readPlatformId } from "../../../provider/base/platformId";
import { TestPlatform, sendHttp } from "../../support/testPlatform";
import { freePort } from "../../support/freePorts";

describe("the daemon", () => {
  let platform: TestPlatform;
  beforeEach(async () => (platform = await TestPlatform.open()));
  afterEach(() => platform.close());

  it("publishes its address in daemon.json and keeps its secrets private", async () => {
    await platform.start();
    const announced = JSON.parse(await fs.readFile(platform.paths.daemonFile, "utf8")) as Record<string, unknown>;
    assert.equal(announced["url"], platform.daemon.url);
    assert.equal(announced["pid"], process.pid);
    const { stay, quotas } = announced["settings"] as Record<string, unknown>;
    assert.deepEqual([stay, (quotas as Record<string, number>)["volumes"]], [true, 253]);
    assert.match(platform.daemon.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(await fs.readFile(platform.paths.tokenFile, "utf8"), /^[0-9a-f]{64}$/);
    for (const folder of [platform.paths.stateDir, platform.paths.imagesDir]) {
      assert.equal((await fs.stat(folder)).mode & 0o777, 0o700, folder); // created by whoever stored the first image
    }
    for (const file of [
      platform.paths.daemonFile,
      platform.paths.tokenFile,
      platform.paths.databaseFile,
      platform.paths.logFile,
    ]) {
      assert.equal((await fs.stat(file)).mode & 0o777, 0o600, file);
    }
  });

  it("is the only one in its state folder", async () => {
    const first = await platform.start();
    assert.equal(await platform.start(), undefined);
    await first?.close();
    assert.notEqual(await platform.start(), undefined);
  });

  it("keeps its token across restarts while objects exist", async () => {
    await platform.start();
    const { token } = platform.daemon;
    await platform.api("POST", "/v1/services", { name: "kept", services: [{ port: await freePort() }] });
    await platform.daemon.close();
    await platform.start();
    assert.equal(platform.daemon.token, token);
  });

  it("removes daemon.json and stops serving when it is shut down", async () => {
    await platform.start();
    const { url } = platform.daemon;
    await platform.api("POST", "/v1/services", { name: "kept", services: [{ port: await freePort() }] });
    await platform.daemon.close();
    await assert.rejects(fs.stat(platform.paths.daemonFile), { code: "ENOENT" });
    await assert.rejects(sendHttp(url, "GET", {}, undefined, new http.Agent()), { code: "ECONNREFUSED" });
  });

  it("exits by itself when no objects exist and leaves only its ID and the images", async () => {
    await platform.start({ stay: false, timings: { idleExitMs: 30 } });
    const id = readPlatformId(platform.paths.platformIdFile);
    assert.match(id ?? "", /^[0-9a-f-]{36}$/);
    const port = await freePort();
    const instance = await platform.createRunning({ name: "short" });
    const service = await platform.requestItem("POST", "/v1/services", { services: [{ port }] });
    const volume = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    await platform.api("DELETE", "/v1/instances", [{ uuid: instance.uuid }]);
    await platform.api("DELETE", "/v1/services", [{ uuid: service.uuid }]);
    await platform.api("DELETE", "/v1/volumes", [{ uuid: volume.uuid }]);
    await platform.daemon.ended;
    assert.deepEqual((await fs.readdir(platform.paths.stateDir)).sort(), ["images", "platform-id"]);
    assert.equal(readPlatformId(platform.paths.platformIdFile), id);
    await assert.rejects(fs.stat(platform.paths.runDir), { code: "ENOENT" });
  });

  it("leaves only its ID if there are no images, and has the same ID when it starts again", async () => {
    await fs.rm(platform.paths.imagesDir, { recursive: true });
    await platform.start({ stay: false, timings: { idleExitMs: 10 } });
    const id = readPlatformId(platform.paths.platformIdFile);
    await platform.daemon.ended;
    assert.deepEqual(await fs.readdir(platform.paths.stateDir), ["platform-id"]);
    await platform.start();
    assert.equal(readPlatformId(platform.paths.platformIdFile), id);
  });

  it("does not exit while objects exist", async () => {
    const port = await freePort();
    await platform.start({ stay: false, timings: { idleExitMs: 100 } });
    const service = await platform.requestItem("POST", "/v1/services", { services: [{ port }] });
    const asked = Array.from({ length: 20 }, () => platform.api("GET", `/v1/services?uuid=${service.uuid}`));
    assert.ok((await Promise.all(asked)).every((answer) => answer.httpStatus === 200));
    await platform.api("DELETE", "/v1/services", [{ uuid: service.uuid }]);
    await platform.daemon.ended;
  });

  it("opens the database of the previous release", async () => {
    await platform.start();
    const port = await freePort();
    const service = await platform.requestItem("POST", "/v1/services", {
      name: "web",
      services: [{ port, destination_port: 80 }],
      domains: [{ name: "web" }],
    });
    const volume = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
    const [run, still] = [
      await platform.createRunning({
        name: "run",
        service_group: { uuid: service.uuid },
        env: { A: "1" },
        tags: ["t"],
      }),
      await platform.requestItem("POST", "/v1/instances", {
        name: "still",
        image: "app:1",
        volumes: [{ uuid: volume.uuid, at: "/data" }],
      }),
    ];
    platform.daemon.simulateKill();
    asFirstRelease(platform.paths.databaseFile);

    await platform.start();
    assert.equal(platform.vmm.starts.length, 1, "the VM that ran is still the one");
    assert.equal((await sendHttp(`http://127.0.0.1:${port}/`, "GET", {})).text, "run");
    const { items } = await platform.api("GET", "/v1/instances");
    assert.deepEqual(
      items.map(({ uuid, state, env, delete_lock }) => ({ uuid, state, env, delete_lock })),
      [
        { uuid: run.uuid, state: "running", env: { A: "1" }, delete_lock: false },
        { uuid: still.uuid, state: "stopped", env: {}, delete_lock: false },
      ],
    );
    const shown = await platform.requestItem("GET", "/v1/services");
    assert.deepEqual([shown["persistent"], shown["domains"]], [true, [{ fqdn: "web.localhost" }]]);
    assert.deepEqual((await platform.requestItem("GET", "/v1/volumes"))["quota_policy"], "static");

    const change = [{ uuid: still.uuid, prop: "args", op: "del" }];
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", change))["status"], "success");
    assert.deepEqual((await platform.instance(still.uuid))["args"], ["/server"]);
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid: still.uuid, timeout_s: 10 }]);
    assert.equal((await platform.instance(still.uuid))["state"], "running");
    await platform.api("DELETE", "/v1/instances", [{ uuid: run.uuid }, { uuid: still.uuid }]);
    for (const path of ["/v1/volumes", "/v1/services"]) {
      assert.equal((await platform.api("GET", path)).items.length, 1, path);
    }
  });

  it("logs events as JSON lines without tokens or env values", async () => {
    await platform.start();
    await platform.createRunning({ name: "quiet", env: { PASSWORD: "hunter2-secret" } });
    const lines = (await fs.readFile(platform.paths.logFile, "utf8")).trim().split("\n");
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    assert.ok(events.includes("daemon.ready") && events.includes("instance.created"));
    assert.doesNotMatch(lines.join("\n"), /hunter2-secret/);
    assert.ok(!lines.join("\n").includes(platform.daemon.token));
  });
});

/** Rewrites a database as the first release would have written it: its tables and its JSON members. */
function asFirstRelease(file: string): void {
  const database = new DatabaseSync(file);
  const only = (json: unknown, names: readonly string[]): string =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(JSON.parse(String(json)) as Record<string, unknown>).filter(([name]) => names.includes(name)),
      ),
    );
  for (const { uuid, definition, status } of database.prepare("SELECT * FROM instances").all()) {
    database
      .prepare("UPDATE instances SET definition = ?, status = ? WHERE uuid = ?")
      .run(only(definition, FIRST_DEFINITION), only(status, FIRST_STATUS), String(uuid));
  }
  for (const { uuid, domains } of database.prepare("SELECT uuid, domains FROM services").all()) {
    const names = (JSON.parse(String(domains)) as { fqdn: string }[]).map(({ fqdn }) => fqdn);
    database.prepare("UPDATE services SET domains = ? WHERE uuid = ?").run(JSON.stringify(names), String(uuid));
  }
  database.exec(`DROP TABLE certificates;
    ALTER TABLE services DROP COLUMN options;
    ALTER TABLE volumes DROP COLUMN options;
    DROP TABLE image_pins;
    ALTER TABLE instances DROP COLUMN private_ip;
    PRAGMA user_version = 1;`);
  database.close();
}

const FIRST_DEFINITION = [
  ...["repository", "digest", "kernelDigest", "initrdDigest", "args", "imageEnv", "env", "memoryMb", "vcpus"],
  ...["restartPolicy", "scaleToZero", "tags"],
];
const FIRST_STATUS = [
  ...["state", "deleting", "stopAskedBy", "stopForced", "startCount", "restartCount", "startedAt", "stoppedAt"],
  ...["uptimeMs", "bootTimeUs", "netTimeUs", "stopReason", "stopCode", "exitCode", "restart"],
];
