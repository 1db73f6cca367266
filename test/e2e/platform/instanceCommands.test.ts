/** The commands for instances of the local platform, on real guests: a shell on the serial console. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import * as crypto from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { localPaths } from "../../../provider/base/localPaths";
import { writeCpio } from "../../../provider/image/cpio/write";
import { openLayout } from "../../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import { commandArguments, unikernel } from "../../support/commandLine";
import { LocalPlatform, eventually } from "../../support/localPlatform";

const run = promisify(execFile);
/** Answers what is typed on the serial console; the guest's own input is empty. */
const PROGRAM = `#!/bin/sh
echo ready
while read line; do echo "got $line"; done </dev/console
`;

describe("the commands for instances", function () {
  this.timeout(120_000);
  let platform: LocalPlatform;
  let uuid: string;

  before(async () => {
    platform = await LocalPlatform.open();
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const initrd = path.join(platform.folder, "initrd.cpio");
    const file = { type: "file", mode: 0o755, content: { bytes: Buffer.from(PROGRAM) } } as const;
    await writeCpio(new Map([...runtime.baseTree, ["echo", file] as const]), initrd);
    await openLayout(localPaths().imagesDir).putImage({
      repository: "shell",
      tag: "1",
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: ["/echo"], env: { SECRET: "hidden" }, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
    await fs.rm(initrd);
    const { items } = await platform.client.createInstance({
      body: { name: "talker", image: "shell:1", memory_mb: 128, env: { TOKEN: "hidden" } },
    });
    uuid = items[0]?.uuid ?? "";
  });
  after(() => platform.close());

  it("start it, list it, and follow its log until it stops", async () => {
    const start = await unikernel(["local", "start", "talker"]);
    assert.match(start.stdout, /^'talker' is running; its program started after [\d.]+ m?s\.\n$/, start.stderr);
    await eventually("it is ready", async () => (await platform.readConsole(uuid)).includes("ready"));
    const table = (await unikernel(["local", "ps"])).stdout;
    assert.match(
      table,
      /^NAME {4}UUID .*\ntalker {2}[0-9a-f]{8} {2}running {2}.* MiB \/ 128 MiB .* shell@[0-9a-f]{8}\n$/,
    );
    const json = (await unikernel(["local", "ps", "--json"])).stdout;
    assert.doesNotMatch(json, /hidden/);
    const [row] = JSON.parse(json) as [{ residentBytes: number; bootTimeMs: number }];
    assert.ok(row.residentBytes > 50e6 && row.bootTimeMs > 1, json);
    assert.match((await unikernel(["local", "images"])).stdout, /^NAME .*\nshell +1 +[0-9a-f]{12} +\d.* MiB /);

    const follower = spawn(process.execPath, commandArguments("local", "logs", "-f", uuid.slice(0, 8)));
    let followed = "";
    follower.stdout.setEncoding("utf8").on("data", (text: string) => (followed += text));
    const exited = once(follower, "exit");
    await eventually("the log is followed", () => followed.includes("ready"));
    const typed = await unikernel(["local", "console", "talker"], { input: "hello\n" });
    assert.match(typed.stdout, /got hello/, typed.stderr);
    await eventually("what was typed is in the log", () => followed.includes("got hello"));
    const stop = await unikernel(["local", "stop", "talker"]);
    assert.deepEqual([stop.code, stop.stdout], [0, "Stopped 'talker'.\n"], stop.stderr);
    assert.deepEqual(await exited, [0, null]);
    assert.match((await unikernel(["local", "ps"])).stdout, /stopped: it was stopped through the API/);
  });

  it("attach again and again, and keep the whole log", async () => {
    await unikernel(["local", "start", "talker"]);
    await eventually("it is ready", async () => (await platform.readConsole(uuid)).includes("ready"));
    for (const word of ["one", "two", "three"])
      assert.match(
        (await unikernel(["local", "console", "talker"], { input: `${word}\n` })).stdout,
        new RegExp(`got ${word}`),
      );
    const log = (await unikernel(["local", "logs", "talker"])).stdout;
    assert.match(log, /ready.*got one.*got two.*got three/s);
  });

  it("run a command in it, and exit with its exit code", async () => {
    const exec = (...args: string[]) => unikernel(["local", "exec", ...args]);
    await unikernel(["local", "start", "talker"]);
    const script = 'echo out; echo err >&2; printf "<%s>" "$@"; exit 7';
    const outcome = await exec("talker", "--", "sh", "-c", script, "sh", "--help", "-i", "", "$x");
    assert.deepEqual(outcome, { code: 7, stdout: "out\n<--help><-i><><$x>", stderr: "err\n" });
    const input = "line\n".repeat(50_000);
    const echoed = await unikernel(["local", "exec", "-i", "talker", "--", "md5sum"], { input });
    assert.equal(echoed.stdout, `${crypto.createHash("md5").update(input).digest("hex")}  -\n`);
    assert.equal((await exec("talker", "--", "no-such-program")).code, 127);
    const late = await exec("talker", "--timeout", "1", "--", "sleep", "1000");
    assert.deepEqual([late.code, late.stdout], [1, ""]);
    assert.match(late.stderr, /^WAIT_TIMEOUT: The command did not end within 1 s and was killed\./);
    assert.equal((await exec("talker", "sleep", "1")).code, 2);
    assert.doesNotMatch(await fs.readFile(localPaths().logFile, "utf8"), /sleep|no-such-program/);
  });

  it("run a command in an instance whose image is linux:latest", async () => {
    const { items } = await platform.client.createInstance(
      { body: { name: "plain", image: "linux:latest", memory_mb: 128, args: ["sleep", "100000"], autostart: true } },
      { serverWaitMs: 60_000 },
    );
    assert.equal(items[0]?.status, "success", items[0]?.message);
    const outcome = await unikernel([
      "local",
      "exec",
      "plain",
      "--",
      "sh",
      "-c",
      "uname -r; ps -o args | grep '^sleep'",
    ]);
    const { version } = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    assert.deepEqual(outcome, { code: 0, stdout: `${version}\nsleep 100000\n`, stderr: "" });
    assert.equal((await unikernel(["local", "rm", "plain"])).stdout, "Deleted 'plain'.\n");
  });

  it("end a command on Ctrl-C, and with the daemon", async () => {
    const sleeping = async () => (await unikernel(["local", "exec", "talker", "--", "ps", "-o", "args"])).stdout;
    const begin = async (seconds: string) => {
      const child = spawn(process.execPath, commandArguments("local", "exec", "talker", "--", "sh", "-c", `echo begun; sleep ${seconds}`)); // prettier-ignore
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      return { child, exited, stderr: () => stderr };
    };
    const first = await begin("4321");
    first.child.kill("SIGINT");
    assert.deepEqual(await first.exited, [130, null]);
    await eventually("the command is gone", async () => !(await sleeping()).includes("sleep 4321"));
    const second = await begin("5432");
    process.kill((await platform.daemonPid()) ?? 0, "SIGKILL");
    assert.deepEqual(await second.exited, [1, null]);
    assert.match(second.stderr(), /^DAEMON_FAILED: The local platform ended while the command ran/);
    await eventually("its command is gone too", async () => !(await sleeping()).includes("sleep 5432"));
  });

  it("attach a debugger to its kernel", async () => {
    const opened = await unikernel(["local", "gdb", "talker"]);
    const target = /target remote (\S+)'/.exec(opened.stdout)?.[1] ?? "";
    assert.equal((await fs.stat(path.dirname(target))).mode & 0o077, 0, "only this user can connect");
    const again = await unikernel(["local", "gdb", "talker"]); // while the stub is open
    assert.deepEqual([again.code, again.stdout], [0, opened.stdout]);
    const { stdout } = await run("gdb", ["-nx", "-batch", "-ex", "set architecture i386:x86-64", "-ex", `target remote ${target}`, "-ex", "info registers rip", "-ex", "detach"]); // prettier-ignore
    assert.match(stdout, /^rip +0x[0-9a-f]+/m);
    assert.match((await unikernel(["local", "gdb", "talker", "--off"])).stdout, /is closed/);
    await assert.rejects(run("gdb", ["-nx", "-batch", "-ex", `target remote ${target}`, "-ex", "info registers rip"])); // prettier-ignore
  });

  it("give other clients its address and token", async () => {
    const { stdout: env } = await unikernel(["local", "env"]);
    const script = 'eval "$0"; curl -sS -H "Authorization: Bearer $UKC_TOKEN" "$UKC_METRO/v1/instances?name=talker"';
    const { stdout } = await run("sh", ["-c", script, env]);
    const { data } = JSON.parse(stdout) as { data: { instances: { state: string }[] } };
    assert.deepEqual(data.instances.map(({ state }) => state), ["running"]); // prettier-ignore
  });

  it("reject what does not exist, is ambiguous or has no VM, with what to do", async () => {
    const unknown = await unikernel(["local", "stop", "tlaker"]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /^NOT_FOUND: There is no instance 'tlaker' .*Did you mean 'talker'\?/);
    assert.equal((await unikernel(["local", "start"])).code, 2);
    await unikernel(["local", "stop", "--force", "talker"]);
    for (const command of ["console", "gdb"])
      assert.match((await unikernel(["local", command, "talker"])).stderr, /^GUEST_STOPPED: .*local start talker/);
  });

  it("end quietly when their reader has gone, and on Ctrl-C", async () => {
    const { stdout } = await run("sh", ["-c", '"$@" | head -n 1; exit 0', "sh", process.execPath, ...commandArguments("--help")]); // prettier-ignore
    assert.equal(stdout, "Usage: unikernel <command>\n");
    await unikernel(["local", "start", "talker"]);
    const follower = spawn(process.execPath, commandArguments("local", "logs", "--follow", "talker"));
    await once(follower.stdout, "data");
    follower.kill("SIGINT");
    assert.deepEqual(await once(follower, "exit"), [130, null]);
  });

  it("delete it and leave nothing", async () => {
    assert.equal((await unikernel(["local", "rm", "talker"])).stdout, "Deleted 'talker'.\n");
    assert.equal((await unikernel(["local", "ps"])).stdout, "No instances.\n");
    await unikernel(["delete", "image", "shell", "--metro", "local"]);
    await platform.assertNothingLeft();
  });
});
