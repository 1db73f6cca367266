/** The commands that are about the local platform as a whole. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { resolveQuotas } from "../../../../provider/platform/quota/quotaSettings";
import { CommandPlatform } from "../../../support/commandPlatform";
import { freePort } from "../../../support/freePorts";
import type { TestPlatform } from "../../../support/testPlatform";

describe("the commands of the local platform", () => {
  let commands: CommandPlatform;
  let platform: TestPlatform;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    commands = await CommandPlatform.open();
    ({ platform } = commands);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await commands.close();
  });

  /** The daemon is announced as this process's child, which `local down` ends in its place. */
  async function announceAs(...command: readonly [string, ...string[]]): Promise<ChildProcess> {
    const child = spawn(command[0], command.slice(1), { stdio: "ignore" });
    children.push(child);
    await once(child, "spawn");
    const announced = JSON.parse(await fs.readFile(platform.paths.daemonFile, "utf8")) as object;
    await fs.writeFile(platform.paths.daemonFile, JSON.stringify({ ...announced, pid: child.pid }));
    return child;
  }

  it("start no daemon to say that none runs", async () => {
    const { stateDir } = platform.paths;
    assert.equal(await commands.text("local", "status"), `The local platform is not running; its files are in ${stateDir}.\n`); // prettier-ignore
    assert.equal(await commands.text("local", "down"), "The local platform is not running.\n");
    assert.equal(await commands.text("local", "ps"), "The local platform is not running.\n");
    assert.equal(await commands.text("local", "volume", "ls"), "The local platform is not running.\n");
    assert.equal(await commands.text("local", "volume", "ls", "--json"), "[]\n");
    for (const args of [["metrics"], ["gdb", "web"], ["console", "web"], ["volume", "cp", "data:", "out"]])
      assert.equal(
        await commands.failure("local", ...args),
        `DAEMON_FAILED: The local platform of '${stateDir}' is not running. Start it with 'npx unikernel local up'.\n`,
      );
  });

  it("show what is on it, and how it was started", async () => {
    await platform.start({ quotas: resolveQuotas({ instances: 10 }) });
    const [port, other] = [await freePort(), await freePort()];
    await platform.requestItem("POST", "/v1/services", {
      name: "web",
      services: [{ port, destination_port: 80 }, { port: other }],
    });
    await platform.createRunning({ name: "one" });
    await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
    const [first, versions, settings, ...objects] = (await commands.text("local", "status")).split("\n");
    const { url } = platform.daemon;
    assert.equal(first, `The local platform is running at ${url} (process ${process.pid}); its files are in ${platform.paths.stateDir}.`); // prettier-ignore
    assert.match(versions ?? "", /^ {2}.*\bvmm fake\b/);
    assert.equal(settings, "  started with --stay --quota instances=10");
    assert.match(objects[0] ?? "", new RegExp(`^ {2}service {3}web {2}127\\.0\\.0\\.1:${port} → 80, 127\\.0\\.0\\.1:${other} → ${other}$`)); // prettier-ignore
    assert.match(objects[1] ?? "", /^ {2}instance {2}one {2}running {2}app@sha256:[0-9a-f]{64}$/);
    assert.deepEqual(objects.slice(2), ["  volume    data  available  8 MiB", ""]);
  });

  it("give other clients what they need: address, token, metrics and dashboard", async () => {
    await platform.start();
    const { url, token } = platform.daemon;
    assert.equal(await commands.text("local", "env"), `export UKC_METRO=${url}\nexport UKC_TOKEN=${token}\n`);
    assert.deepEqual(JSON.parse(await commands.text("local", "env", "--json")), { UKC_METRO: url, UKC_TOKEN: token });
    assert.match(await commands.text("local", "metrics"), /^# HELP \S+ .*\n# TYPE /);
    const link = /^Open this link within five minutes; it works once:\n\n {2}(http:\S+)\n$/.exec(
      await commands.text("local", "dashboard"),
    )?.[1];
    const opened = await fetch(link ?? "", { redirect: "manual" });
    assert.ok(opened.status < 400, String(opened.status));
    assert.ok(opened.headers.getSetCookie().length > 0);
  });

  it("are told by a daemon of another release that it lacks metrics and a dashboard", async () => {
    await platform.start();
    const { createServer } = await import("node:http");
    const older = createServer((request, response) =>
      response.writeHead(request.url === "/v1/healthz" ? 200 : 404).end("{}"),
    );
    older.listen(0, "127.0.0.1");
    await once(older, "listening");
    const url = `http://127.0.0.1:${(older.address() as net.AddressInfo).port}`;
    await fs.writeFile(platform.paths.daemonFile, JSON.stringify({ url, pid: process.pid }));
    try {
      const hint = "stop it with 'npx unikernel local down'.\n";
      assert.equal(await commands.failure("local", "metrics"), `API_REJECTED: Reading the metrics failed with HTTP 404. A daemon of an older version has none: ${hint}`); // prettier-ignore
      assert.equal(await commands.failure("local", "dashboard"), `API_REJECTED: Getting a link to the dashboard failed with HTTP 404. A daemon of an older version has no dashboard: ${hint}`); // prettier-ignore
    } finally {
      older.close();
      older.closeAllConnections();
    }
  });

  describe("'local up'", () => {
    it("says where the platform that runs is, and what it was not started with", async () => {
      await platform.start({ quotas: resolveQuotas({ volumes: 3 }) });
      const text = `The local platform is running at ${platform.daemon.url} (process ${process.pid}); its files are in ${platform.paths.stateDir}. It was started with '--stay --quota volumes=3'.\n`;
      assert.equal(await commands.text("local", "up"), text);
      assert.equal(await commands.text("local", "up", "--stay", "--quota", "volumes=3"), text);
      const other = await commands.failure("local", "up", "--quota", "volumes=4", "--port", "7700");
      assert.match(other, /^IN_USE: .*\(process \d+\), started without '--port 7700 --quota volumes=4'\. Stop it with/);
      assert.equal((await commands.run(["local", "up", "--port", "0"])).code, 2);
    });

    it("starts nothing at a port that another program has", async () => {
      const holder = net.createServer().listen(0, "127.0.0.1");
      await once(holder, "listening");
      const { port } = holder.address() as net.AddressInfo;
      try {
        assert.match(
          await commands.failure("local", "up", "--port", String(port)),
          new RegExp(`^IN_USE: The local platform cannot listen on port ${port} \\(.*EADDRINUSE.*Give another number`),
        );
        await assert.rejects(fs.stat(platform.paths.daemonFile), { code: "ENOENT" });
      } finally {
        holder.close();
      }
    });

    it("has systemd start it at login, with the options that were given, until 'local down --at-login'", async () => {
      await platform.start();
      await commands.addTool("systemctl", "exit 0");
      const up = await commands.text("local", "up", "--at-login", "--quota", "volumes=4");
      assert.match(
        up,
        /\nIt runs without '--quota volumes=4' until it is started again\.\nIt starts at your next login/,
      );
      const folder = path.join(commands.folder, "home", ".config", "systemd", "user");
      const [unit = ""] = (await fs.readdir(folder)).filter((name) => name.endsWith(".service"));
      const text = await fs.readFile(path.join(folder, unit), "utf8");
      assert.match(text, /\nExecStart=".*" ".*main\.js" "local" "up" "--stay" "--quota" "volumes=4"\n/);
      assert.match(text, new RegExp(`\nEnvironment="UNIKERNEL_STATE_DIR=${platform.paths.stateDir}"\n`));
      assert.equal(await fs.readlink(path.join(folder, "default.target.wants", unit)), path.join(folder, unit));

      await platform.createRunning({ name: "web" });
      const down = await commands.failure("local", "down", "--at-login");
      assert.match(down, /^IN_USE: Instances are running on the local platform: 'web'\. It no longer starts at your login\./); // prettier-ignore
      assert.deepEqual(await fs.readdir(path.join(folder, "default.target.wants")), []);
      assert.match(await commands.failure("local", "down", "--at-login"), /It did not start at your login\./);
    });

    it("needs systemd for that", async () => {
      commands.hideOtherTools();
      assert.equal(
        await commands.failure("local", "up", "--at-login"),
        "NOT_SUPPORTED: There is no systemd on this machine to start the local platform. Have what starts your session run 'npx unikernel local up --stay'.\n",
      );
    });
  });

  describe("'local down'", () => {
    it("stops the daemon unless instances run, which are named", async () => {
      await platform.start();
      const { uuid } = await platform.createRunning({ name: "web" });
      assert.equal(
        await commands.failure("local", "down"),
        "IN_USE: Instances are running on the local platform: 'web'. Destroy them with Pulumi, or delete everything with 'npx unikernel local down --all'.\n",
      );
      await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid, force: true }]);
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      const child = await announceAs("sleep", "600");
      const exited = once(child, "exit");
      assert.equal(await commands.text("local", "down"), "The local platform is stopped.\n");
      assert.deepEqual(await exited, [null, "SIGTERM"]);
    });

    it("deletes everything first if it is told to, but nothing that is locked", async () => {
      await platform.start();
      const service = await platform.requestItem("POST", "/v1/services", { name: "web", services: [{ port: await freePort() }] }); // prettier-ignore
      await platform.createRunning({ name: "one", service_group: { uuid: service.uuid } });
      const { uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
      const lock = (value: boolean) =>
        platform.requestItem("PATCH", "/v1/volumes", [{ uuid, prop: "delete_lock", op: "set", value }]);
      await lock(true);
      const child = await announceAs("sleep", "600");
      const refused = await commands.failure("local", "down", "--all");
      assert.match(refused, new RegExp(`^IN_USE: Some objects could not be deleted: volume ${uuid} \\(Deletion protection enabled\\)\\. Remove their delete locks`)); // prettier-ignore
      assert.equal(child.exitCode ?? child.signalCode, null, "the daemon was not stopped");
      await lock(false);
      assert.equal(await commands.text("local", "down", "--all"), "The local platform is empty and stopped.\n");
      for (const kind of ["instances", "services", "volumes"])
        assert.deepEqual((await platform.api("GET", `/v1/${kind}`)).items, [], kind);
    });
  });

  it("list volumes with those who have them, and images", async () => {
    await platform.start();
    assert.equal(await commands.text("local", "volume", "ls"), "No volumes.\n");
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
    await platform.requestItem("POST", "/v1/volumes", { name: "spare", size_mb: 2048 });
    await platform.createRunning({ name: "one", volumes: [{ uuid, at: "/data" }] });
    const table = (await commands.text("local", "volume", "ls")).split("\n");
    assert.match(table[0] ?? "", /^NAME {3}UUID {6}STATE {6}SIZE {5}FREE +ATTACHED TO$/);
    assert.match(table[1] ?? "", new RegExp(`^data {3}${uuid.slice(0, 8)} {2}mounted {4}8\\.0 MiB {2}- {8}one$`)); // prettier-ignore
    assert.match(table[2] ?? "", /^spare {2}[0-9a-f]{8} {2}available {2}2\.0 GiB {2}1\.9 GiB {2}-$/);
    const [first] = JSON.parse(await commands.text("local", "volume", "ls", "--json")) as Record<string, unknown>[];
    // What is free in a file system that a guest changes is not known.
    assert.deepEqual(first, {
      name: "data",
      uuid,
      state: "mounted",
      sizeMb: 8,
      attachedTo: ["one"],
      mountedBy: ["one"],
    });

    const [header, image] = (await commands.text("local", "images")).split("\n");
    assert.match(header ?? "", /^NAME {2}TAGS {2}DIGEST {8}SIZE +CREATED$/);
    assert.match(image ?? "", /^app {3}1 {5}[0-9a-f]{12} {2}[\d.]+ (B|KiB) +\S+$/);
    const [json] = JSON.parse(await commands.text("local", "images", "--json")) as Record<string, unknown>[];
    const digest = await platform.addImage("app", "1", "kernel of app"); // the same again
    assert.deepEqual([json?.["name"], json?.["tags"], json?.["digest"]], ["app", ["1"], digest]);
  });

  it("say what makes an image where there is none", async () => {
    await platform.start();
    await commands.text("delete", "image", "app", "--metro", "local");
    assert.match(await commands.text("local", "images"), /^No images\. A GatewayImage builds one/);
    assert.equal(await commands.text("local", "images", "--json"), "[]\n");
  });
});
