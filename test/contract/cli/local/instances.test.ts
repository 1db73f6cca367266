/** The commands for instances and the files of volumes, on VMs in memory. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";
import { PassThrough } from "node:stream";
import { CommandPlatform } from "../../../support/commandPlatform";
import { type TestPlatform, webGuest } from "../../../support/testPlatform";

describe("the commands for instances", () => {
  let commands: CommandPlatform;
  let platform: TestPlatform;
  beforeEach(async () => {
    commands = await CommandPlatform.open();
    ({ platform } = commands);
    await platform.start();
  });
  afterEach(() => commands.close());

  const create = (name: string, more: object = {}) =>
    platform.requestItem("POST", "/v1/instances", { name, image: "app:1", ...more });

  it("start, list, stop and delete them", async () => {
    platform.setDefaultGuest((name) => ({ ...webGuest(name), bootMs: 20 }));
    const { uuid } = await create("one");
    await create("two");
    const started = (await commands.text("local", "start", "one", "two", uuid.slice(0, 8))).split("\n");
    assert.match(started[0] ?? "", /^'one' is running; its program started after \d+ ms\.$/);
    assert.match(started[1] ?? "", /^'two' is running; /);
    assert.deepEqual(started.slice(2), [""], "each only once");
    assert.match(await commands.text("local", "ps"), /^NAME .*\none {3}[0-9a-f]{8} {2}running .*\ntwo {3}[0-9a-f]{8} {2}running/); // prettier-ignore
    const rows = JSON.parse(await commands.text("local", "ps", "--json")) as { name: string; state: string }[];
    assert.deepEqual(rows.map(({ name, state }) => [name, state]), [["one", "running"], ["two", "running"]]); // prettier-ignore
    assert.equal(await commands.text("local", "stop", "one"), "Stopped 'one'.\n");
    assert.equal(await commands.text("local", "stop", "--force", "one", "two"), "Stopped 'one', 'two'.\n");
    assert.equal(await commands.text("local", "rm", "one", "two"), "Deleted 'one', 'two'.\n");
    assert.equal(await commands.text("local", "ps"), "No instances.\n");
    assert.equal(await commands.text("local", "ps", "--json"), "[]\n");
  });

  it("name what may be meant", async () => {
    await create("talker");
    assert.equal(
      await commands.failure("local", "stop", "tlaker"),
      "NOT_FOUND: There is no instance 'tlaker' on the local platform. Did you mean 'talker'?\n",
    );
    assert.deepEqual(await commands.run(["local", "start"]), {
      code: 2,
      stdout: "",
      stderr: "INPUT_INVALID: No instance is named. Give its name or UUID, such as 'talker'.\n",
    });
  });

  it("delete nothing that a stack made, unless they are told to", async () => {
    await create("free");
    await create("owned", { tags: ["pulumi:0123456789ab:0123456789abcdef"] });
    await create("unfinished", { tags: ["pulumi:0123456789ab:0123456789abcdef:unfinished"] });
    assert.equal(
      await commands.failure("local", "rm", "free", "owned"),
      "IN_USE: A stack made 'owned' and may still manage it; nothing was deleted. Change the program and run 'pulumi up' instead. If no stack has it, add --managed.\n",
    );
    assert.equal(await commands.text("local", "rm", "--managed", "free", "owned"), "Deleted 'free', 'owned'.\n");
    assert.equal(await commands.text("local", "rm", "unfinished"), "Deleted 'unfinished'.\n");
  });

  it("show a log, and follow it until the instance stops, restarts included", async () => {
    platform.setDefaultGuest((name) => ({ ...webGuest(name), console: "hello\r\n" }));
    const { uuid } = await platform.createRunning({ name: "talker" });
    assert.equal(await commands.text("local", "logs", uuid.slice(0, 8)), "hello\n");
    const local = ["--metro", "local"];
    assert.equal(await commands.text("logs", "talker", ...local), "hello\n");
    const following = commands.text("local", "logs", "-f", "talker");
    await platform.requestItem("GET", `/v1/instances/log?uuid=${uuid}`);
    platform.vmm.print(uuid, "more\n");
    await new Promise((resolve) => setTimeout(resolve, 400)); // longer than the pause between two reads
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid }]);
    assert.equal(await following, "hello\r\nmore\n");
    assert.equal(await commands.text("logs", "--follow", "talker", ...local), "hello\r\nmore\n");
    assert.match(await commands.failure("logs", ...local), /^INPUT_INVALID: 'unikernel logs' takes the name of one/);
    assert.match(await commands.failure("logs", "tlaker", ...local), /^NOT_FOUND: Reading the log of instance 'tlaker' .*Did you mean 'talker'\?/); // prettier-ignore
    assert.match(await commands.failure("logs", "-f", "nobody", ...local), /^NOT_FOUND: Reading the log of instance 'nobody'/); // prettier-ignore
  });

  it("end a log that is followed on Ctrl-C, and once the instance is deleted", async () => {
    platform.setDefaultGuest((name) => ({ ...webGuest(name), console: "hello\n" }));
    const { uuid } = await platform.createRunning({ name: "talker" });
    const follow = () => commands.run(["local", "logs", "-f", "talker"]);
    const interrupted = follow();
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.emit("SIGINT");
    assert.deepEqual(await interrupted, { code: 130, stdout: "hello\n", stderr: "" });
    const following = follow();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]);
    assert.deepEqual(await following, { code: 0, stdout: "hello\n", stderr: "" });
  });

  describe("'local exec'", () => {
    it("sends arguments and input, prints both outputs, and exits with the command's code", async () => {
      platform.setDefaultGuest((name) => ({
        ...webGuest(name),
        run: async ({ args, stdin, write }) => {
          await write("stdout", Buffer.from(`${args.join("|")}:${Buffer.from(stdin).toString()}`));
          await write("stderr", Buffer.from("bad\n"));
          return 7;
        },
      }));
      await platform.createRunning({ name: "web" });
      const input = new PassThrough();
      input.end("input");
      const outcome = await commands.run(["local", "exec", "-i", "web", "--", "sh", "--help", ""], { input });
      assert.deepEqual(outcome, { code: 7, stdout: "sh|--help|:input", stderr: "bad\n" });
      const large = new PassThrough();
      large.end(Buffer.alloc(4 * 1024 * 1024 + 1));
      const refused = await commands.run(["local", "exec", "-i", "web", "--", "cat"], { input: large });
      assert.match(refused.stderr, /^INPUT_INVALID: The input of the command is larger than 4194304 bytes\. Put it into a volume/); // prettier-ignore
    });

    it("reports what the platform says, and ends on Ctrl-C", async () => {
      platform.setDefaultGuest((name) => ({
        ...webGuest(name),
        run: ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
      }));
      await platform.createRunning({ name: "web" });
      assert.equal(
        await commands.failure("local", "exec", "web", "--timeout", "0.02", "--", "sleep"),
        "WAIT_TIMEOUT: The command did not end within 0.02 s and was killed. Allow it more time with '--timeout'.\n",
      );
      await create("stopped");
      assert.match(await commands.failure("local", "exec", "stopped", "--", "ls"), /^GUEST_STOPPED: .*local start stopped/); // prettier-ignore
      const running = commands.run(["local", "exec", "web", "--", "sleep"]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.emit("SIGINT");
      assert.deepEqual(await running, { code: 130, stdout: "", stderr: "" });
    });

    for (const [what, answer, expected] of [
      ["went away", (response) => response.writeHead(200).write("{}", () => response.destroy()), /^DAEMON_FAILED: The local platform ended while the command ran/], // prettier-ignore
      ["ends without a result", (response) => response.writeHead(200).end(), /^DAEMON_FAILED: The local platform ended while/], // prettier-ignore
      ["sends what no daemon sends", (response) => response.writeHead(200).end('{"exit_code":"1"}\n'), /^DAEMON_FAILED: /], // prettier-ignore
      ["closes at once", (response) => response.destroy(), /^DAEMON_FAILED: The local platform ended while/],
      ["is of an earlier release", (response) => response.writeHead(404).end('{"message":"No such endpoint: POST /exec"}'), /^NOT_SUPPORTED: .*earlier release and runs no commands/], // prettier-ignore
      ["refuses it", (response) => response.writeHead(400).end('{"message":"Too many arguments"}'), /^API_REJECTED: Too many arguments\.\n$/], // prettier-ignore
      ["fails with no message", (response) => response.writeHead(500).end("<html>"), /^API_REJECTED: The local platform answered with status 500 \(.*\)\.\n$/], // prettier-ignore
    ] as readonly (readonly [string, (response: http.ServerResponse) => unknown, RegExp])[])
      it(`tells the user about a daemon that ${what}`, async () => {
        const { uuid } = await create("web");
        const data = { instances: [{ status: "success", uuid, name: "web", state: "running" }] };
        const broken = http.createServer((request, response) => {
          request.resume();
          if (request.url === "/exec") answer(response);
          else response.end(JSON.stringify({ status: "success", data: request.url === "/v1/healthz" ? {} : data }));
        });
        await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
        const url = `http://127.0.0.1:${(broken.address() as net.AddressInfo).port}`;
        const settings = { stay: true, quotas: {} };
        await fs.writeFile(platform.paths.daemonFile, JSON.stringify({ url, pid: process.pid, settings }));
        try {
          assert.match(await commands.failure("local", "exec", "web", "--", "ls"), expected);
        } finally {
          broken.close();
          broken.closeAllConnections();
        }
      });
  });

  describe("'local volume cp'", () => {
    let folder: string;
    let uuid: string;
    beforeEach(async () => {
      folder = path.join(commands.folder, "files");
      await fs.mkdir(folder);
      await fs.writeFile(path.join(folder, "a.txt"), "content\n");
      ({ uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 }));
    });

    it("copies a folder to a volume, and back to a new folder", async () => {
      const socket = net.createServer().listen(path.join(folder, "socket"));
      const copied = await commands.text("local", "volume", "cp", folder, "data:");
      socket.close();
      assert.equal(
        copied,
        `Copying '${folder}' to volume 'data': 1 entry.\nLeft out: socket (no file, folder or link)\n`,
      );
      const out = path.join(commands.folder, "new", "out");
      assert.equal(
        await commands.text("local", "volume", "cp", "data:", out),
        `Copying volume 'data' to '${out}': 1 entry.\n`,
      );
      assert.equal(await fs.readFile(path.join(out, "a.txt"), "utf8"), "content\n");
    });

    it("replaces no file of the host, and takes only folders that exist", async () => {
      const file = path.join(folder, "a.txt");
      const missing = path.join(folder, "missing");
      assert.equal(
        await commands.failure("local", "volume", "cp", "data:", folder),
        `INPUT_INVALID: '${folder}' is not empty. Copy to a new folder, so that no file of yours is replaced.\n`,
      );
      for (const target of [file, path.join(file, "below")])
        assert.match(await commands.failure("local", "volume", "cp", "data:", target), /^INPUT_INVALID: '.*' is not a folder\./); // prettier-ignore
      for (const source of [file, missing])
        assert.match(await commands.failure("local", "volume", "cp", source, "data:"), /^INPUT_INVALID: '.*' is not a folder\./); // prettier-ignore
      assert.match(await commands.failure("local", "volume", "cp", "dta:", missing), /^NOT_FOUND: There is no volume 'dta' .*Did you mean 'data'\?/); // prettier-ignore
    });

    it("says once to stop the instance that has the volume", async () => {
      await platform.createRunning({ name: "user", volumes: [{ uuid, at: "/data" }] });
      const refused = await commands.failure("local", "volume", "cp", folder, "data:");
      assert.match(refused, /^IN_USE: .*Volume 'data' is mounted by instance 'user': files cannot be copied to it/);
      assert.equal(refused.match(/stop/gi)?.length, 1, refused);
    });
  });
});
