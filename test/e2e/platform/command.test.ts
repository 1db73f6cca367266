/** The `unikernel` command as a user runs it, and daemons started by several processes at once. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { connectLocalDaemon } from "../../../provider/client/localDaemon";
import { localPaths } from "../../../provider/base/localPaths";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually, findProcessesOf } from "../../support/localPlatform";

const PROGRAM = path.join(__dirname, "..", "..", "..", "dist", "provider", "cli", "main.js");

function unikernel(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const node = ["--disable-warning=ExperimentalWarning", PROGRAM, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, node, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("the unikernel command", function () {
  this.timeout(60_000);
  let platform: LocalPlatform;
  beforeEach(async () => (platform = await LocalPlatform.open()));
  afterEach(() => platform.close());

  it("prints its version and help, and rejects unknown arguments", async () => {
    assert.match((await unikernel("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
    assert.match((await unikernel("--help")).stdout, /^Usage: unikernel/);
    const unknown = await unikernel("local", "sideways");
    assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
    assert.match(unknown.stderr, /Unknown command 'local sideways'/);
    const option = await unikernel("local", "up", "--forever");
    assert.equal(option.code, 2);
    assert.match(option.stderr, /--forever/);
    assert.equal(await platform.daemonPid(), undefined);
  });

  it("starts one daemon, shows its objects, and stops it completely", async () => {
    assert.match((await unikernel("local", "status")).stdout, /is not running/);
    const [up, again] = [await unikernel("local", "up", "--stay"), await unikernel("local", "up")];
    assert.equal(up.stdout, again.stdout);
    const port = await freePort();
    await platform.client.createService({ body: { name: "web", services: [{ port }] } });
    assert.match((await unikernel("local", "status")).stdout, new RegExp(`service +web +127\\.0\\.0\\.1:${port}`));
    assert.equal((await unikernel("local", "down", "--all")).code, 0);
    assert.deepEqual(await findProcessesOf(platform.folder), []);
    await platform.assertNothingLeft([port]);
  });

  it("deletes objects by name, a service with its instances only if told to", async () => {
    const local = ["--metro", "local"];
    await platform.client.createVolume({ body: { name: "data", size_mb: 8 } });
    const port = await freePort();
    await platform.client.createService({ body: { name: "web", services: [{ port }] } });
    const deleted = await unikernel("delete", "volume", "data", ...local);
    assert.equal(deleted.stdout, "Deleted volume 'data' in metro 'local'.\n", deleted.stderr);
    const again = await unikernel("delete", "volume", "data", ...local);
    assert.deepEqual([again.code, again.stdout], [1, ""]);
    assert.match(again.stderr, /^NOT_FOUND: Reading volume 'data' in metro 'local' failed/);
    assert.match(
      (await unikernel("delete", "web", ...local)).stderr,
      /^INPUT_INVALID: 'web' is not a kind of object\. The kinds are instance,/,
    );
    assert.match((await unikernel("delete", "volume")).stderr, /^INPUT_INVALID: 'unikernel delete' takes a kind and/);
    assert.match((await unikernel("delete", "vol", "x")).stderr, /'vol' is not a kind of object\./);
    assert.match((await unikernel("delete", "serivce", "x")).stderr, /Did you mean service\?/);
    assert.match((await unikernel("delete", "toString", "x")).stderr, /^INPUT_INVALID: 'toString' is not a kind/);
    assert.match(
      (await unikernel("delete", "volume", "x", "--with-instances", ...local)).stderr,
      /^INPUT_INVALID: --with-instances has no effect on volume 'x'/,
    );
    assert.match(
      (await unikernel("delete", "service", "web,other", ...local)).stderr,
      /^INPUT_INVALID: The name 'web,other' contains a comma\./,
    );
    assert.equal((await unikernel("delete", "service", "web", ...local)).code, 0);
    assert.deepEqual((await platform.client.getServices({})).items, []);
    await platform.assertNothingLeft([port]);
  });

  it("starts a daemon with the given settings, and reports if the running one has others", async () => {
    const settings = ["--quota", "instances=10", "--quota", "total_volume_mb=100"];
    const up = await unikernel("local", "up", ...settings);
    assert.equal(up.code, 0, up.stderr);
    const expectedOptions = "--quota instances=10 --quota total_volume_mb=100";
    assert.match(up.stdout, new RegExp(`It was started with '${expectedOptions}'`));
    const { hard } = (await platform.client.getQuotas({})).items[0] ?? {};
    assert.deepEqual([hard?.instances, hard?.total_volume_mb, hard?.volumes], [10, 100, 253]);
    assert.equal((await unikernel("local", "up", ...settings)).stdout, up.stdout);
    assert.equal((await unikernel("local", "up")).stdout, up.stdout);
    assert.match((await unikernel("local", "status")).stdout, new RegExp(`started with ${expectedOptions}\\n`));

    const other = await unikernel("local", "up", "--stay", "--quota", "instances=11");
    assert.deepEqual([other.code, other.stdout], [1, ""]);
    assert.match(other.stderr, /IN_USE: .*process \d+.* without '--stay --quota instances=11'.*unikernel local down/);
    await unikernel("local", "down");
    assert.match((await unikernel("local", "up", "--stay")).stdout, /It was started with '--stay'/);
    await unikernel("local", "down");
  });

  it("serves the API at a given port, and says if another program has it", async () => {
    const port = await freePort();
    const up = await unikernel("local", "up", "--port", String(port));
    assert.match(up.stdout, new RegExp(`running at http://127\\.0\\.0\\.1:${port} .*started with '--port ${port}'`));
    const other = await unikernel("local", "up", "--port", String(await freePort()));
    assert.match(other.stderr, /IN_USE: .*started without '--port \d+'/);
    await unikernel("local", "down");
    const holder = net.createServer().listen(port, "127.0.0.1");
    await once(holder, "listening");
    try {
      const taken = await unikernel("local", "up", "--port", String(port));
      assert.equal(taken.code, 1);
      assert.match(taken.stderr, new RegExp(`IN_USE: The local platform cannot listen on port ${port} .*'--port'`));
    } finally {
      holder.close();
    }
    assert.match((await unikernel("local", "up", "--port", "70000")).stderr, /INPUT_INVALID: Invalid port '70000'/);
  });

  it("rejects invalid settings before starting anything", async () => {
    const typing = await unikernel("local", "up", "--quota", "instanses=1");
    assert.equal(typing.code, 2);
    assert.match(typing.stderr, /INPUT_INVALID: Unknown quota 'instanses'\. Did you mean 'instances'\?/);
    process.env["UNIKERNEL_QUOTAS"] = "volumes=-1";
    try {
      assert.match((await unikernel("local", "up")).stderr, /INPUT_INVALID: Invalid quota 'volumes=-1'/);
      assert.equal(await platform.daemonPid(), undefined);
      process.env["UNIKERNEL_QUOTAS"] = "volumes=1";
      assert.match((await unikernel("local", "up")).stdout, /started with '--quota volumes=1'/);
    } finally {
      delete process.env["UNIKERNEL_QUOTAS"];
    }
    await unikernel("local", "down");
  });

  it("deletes everything on request and names what is locked", async () => {
    const { client } = platform;
    await unikernel("local", "up");
    const { uuid = "" } = (await client.createVolume({ body: { name: "kept", size_mb: 8 } })).items[0] ?? {};
    const lock = (value: boolean) =>
      client.patchVolumes({ body: [{ uuid, prop: "delete_lock" as const, op: "set" as const, value }] });
    await lock(true);
    const template = (await client.createVolume({ body: { name: "frozen", size_mb: 8 } })).items[0]?.uuid ?? "";
    await client.createVolumeTemplates({ body: [{ uuid: template }] });
    const port = await freePort();
    await client.createService({ body: { name: "web", services: [{ port }] } });
    assert.match((await unikernel("local", "status")).stdout, /^ {2}volume template {2}frozen$/m);

    const rejected = await unikernel("local", "down", "--all");
    assert.deepEqual([rejected.code, rejected.stdout], [1, ""]);
    assert.match(rejected.stderr, new RegExp(`IN_USE: .*volume ${uuid} \\(.*delete lock`, "s"));
    assert.deepEqual((await client.getServices({})).items, []);
    await lock(false);
    assert.equal((await unikernel("local", "down", "--all")).code, 0);
    await platform.assertNothingLeft([port]);
  });

  it("keeps all objects when the daemon is stopped", async () => {
    await unikernel("local", "up");
    const port = await freePort();
    await platform.client.createService({ body: { name: "web", services: [{ port }] } });
    assert.equal((await unikernel("local", "down")).code, 0);
    assert.equal(await platform.daemonPid(), undefined);
    assert.deepEqual(
      (await platform.client.getServices({})).items.map(({ name }) => name),
      ["web"],
    );
    await unikernel("local", "down", "--all");
  });

  it("starts a single daemon when run many times at once", async () => {
    const found = await Promise.all([
      ...Array.from({ length: 4 }, () => unikernel("local", "up")),
      connectLocalDaemon(),
      connectLocalDaemon(),
    ]);
    const pid = await platform.daemonPid();
    for (const one of found)
      assert.match("stdout" in one ? one.stdout : `(process ${one.pid})`, new RegExp(`\\(process ${pid}\\)`));
    await eventually("the others have ended", async () => (await findProcessesOf(platform.folder)).length === 1);
  });

  it("reports why no daemon can be started", async () => {
    await fs.mkdir(localPaths().databaseFile, { recursive: true });
    const up = await unikernel("local", "up");
    assert.equal(up.code, 1);
    assert.match(up.stderr, /DAEMON_FAILED: .*Last lines of its log:\n {2}\| \S/s);
  });
});
