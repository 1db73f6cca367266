/** The commands that talk to an instance's QEMU: its serial console and its GDB stub. QEMU is a server that records what it is told. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { processStartTime } from "../../../../provider/base/processIdentity";
import { saveIdentity } from "../../../../provider/platform/vmm/qemu/identity";
import { type VmFiles, vmFilesOf } from "../../../../provider/platform/vmm/qemu/files";
import { CommandPlatform, TestInput } from "../../../support/commandPlatform";
import { freePort } from "../../../support/freePorts";

interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly id: number;
}

describe("the commands that talk to QEMU", () => {
  let commands: CommandPlatform;
  let files: VmFiles;
  let qemu: ChildProcess;
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  /** What the monitor was told, without the negotiation. */
  let told: QmpCommand[];
  /** What the human monitor answers. */
  let answer: string;
  /** QEMU's character devices. */
  let devices: readonly { readonly label: string; readonly filename: string }[];
  /** What the guest does with its serial line; `undefined`: QEMU opens no socket for it. */
  let guest: ((socket: net.Socket) => void) | undefined;

  beforeEach(async () => {
    commands = await CommandPlatform.open();
    const { platform } = commands;
    [told, answer, devices, guest] = [[], "", [{ label: "console", filename: "file" }], undefined];
    await platform.start();
    const { uuid } = await platform.createRunning({ name: "web" });
    files = vmFilesOf(platform.paths, uuid);
    qemu = spawn("sleep", ["600"], { stdio: "ignore" });
    await once(qemu, "spawn");
    await fs.mkdir(files.runFolder, { recursive: true, mode: 0o700 });
    await saveIdentity(files, { pid: qemu.pid ?? 0, startTime: (await processStartTime(qemu.pid ?? 0)) ?? "" });
  });
  afterEach(async () => {
    qemu.kill("SIGKILL");
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    await commands.close();
  });

  async function listen(file: string, connected: (socket: net.Socket) => void): Promise<void> {
    const server = net.createServer((socket) => {
      sockets.add(socket.on("error", () => undefined).once("close", () => sockets.delete(socket)));
      connected(socket);
    });
    servers.push(server.listen(file));
    await once(server, "listening");
  }

  const openMonitor = () =>
    listen(files.monitorSocket, (socket) => {
      socket.write('{"QMP": {"version": {}, "capabilities": []}}\n');
      socket.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.trim().split("\n")) void respond(JSON.parse(line) as QmpCommand, socket);
      });
    });

  async function respond(command: QmpCommand, socket: net.Socket): Promise<void> {
    const { execute, id } = command;
    if (execute !== "qmp_capabilities") told.push(command);
    const opensConsole = execute === "chardev-change" && JSON.stringify(command).includes('"socket"');
    if (opensConsole && guest !== undefined) await listen(files.consoleSocket, guest);
    const results: Readonly<Record<string, unknown>> = { "human-monitor-command": answer, "query-chardev": devices };
    const result = results[execute] ?? {};
    socket.write(`${JSON.stringify({ return: result, id })}\n`);
  }

  const attach = (input: TestInput) => commands.run(["local", "console", "web"], { input });

  /** The serial line is back in the log. Source: QEMU, qapi/char.json. */
  function assertReconnected(): void {
    const data = { out: files.consoleLog, append: true };
    assert.deepEqual(told.at(-1)?.arguments, { id: "console", backend: { type: "file", data } });
  }

  it("name the VM that is missing or suspended", async () => {
    qemu.kill("SIGSTOP");
    for (;;) {
      const stat = await fs.readFile(`/proc/${qemu.pid}/stat`, "latin1");
      if (stat.includes(") T ")) break;
      await delay(2);
    }
    for (const command of ["console", "gdb"])
      assert.equal(
        await commands.failure("local", command, "web"),
        "GUEST_STOPPED: Instance 'web' sleeps, and so does its QEMU. Wake it with 'npx unikernel local start web'.\n",
      );
    qemu.kill("SIGKILL");
    await once(qemu, "exit");
    assert.equal(
      await commands.failure("local", "gdb", "web"),
      "GUEST_STOPPED: Instance 'web' is running and has no VM. Start it with 'npx unikernel local start web'.\n",
    );
  });

  it("say that an instance is in standby", async () => {
    const { platform } = commands;
    const { uuid } = await platform.createRunning({
      ...{ name: "idle", scale_to_zero: { policy: "on", cooldown_time_ms: 20 } },
      service_group: { services: [{ port: await freePort(), destination_port: 80 }] },
    });
    await platform.waitForItem(uuid, (item) => item["state"] === "standby");
    assert.equal(
      await commands.failure("local", "gdb", "idle"),
      "GUEST_STOPPED: Instance 'idle' is in standby and has no VM. Start it with 'npx unikernel local start idle'.\n",
    );
  });

  it("take one instance, whose QEMU answers", async () => {
    await commands.platform.createRunning({ name: "other" });
    assert.match(await commands.failure("local", "console", "web", "other"), /^INPUT_INVALID: 2 instances are named; this command takes one\./); // prettier-ignore
    assert.match(await commands.failure("local", "gdb", "web"), /^VMM_FAILED: /);
  });

  describe("'local gdb'", () => {
    it("opens the stub on a socket that only this user can reach, and closes it", async () => {
      await openMonitor();
      const text = await commands.text("local", "gdb", "web");
      assert.match(text, new RegExp(`^The GDB stub of 'web' is open\\. Attach with\\n\\n {2}gdb -ex 'target remote ${files.gdbSocket}'\\n`)); // prettier-ignore
      assert.equal(await commands.text("local", "gdb", "web", "--off"), "The GDB stub of 'web' is closed.\n");
      assert.deepEqual(
        told.flatMap(({ arguments: given }) => given?.["command-line"] ?? []),
        [`gdbserver unix:${files.gdbSocket},server=on,wait=off`, "gdbserver none"],
      );
    });

    it("leaves a stub open that is, and says whether a debugger is attached", async () => {
      await openMonitor();
      const first = await commands.text("local", "gdb", "web");
      // Source: QEMU 7.2, 'query-chardev' while the stub waits, and while a debugger is attached.
      devices = [{ label: "gdb", filename: `disconnected:unix:${files.gdbSocket},server=on` }];
      assert.equal(await commands.text("local", "gdb", "web"), first);
      devices = [{ label: "gdb", filename: `unix:${files.gdbSocket},server=on` }];
      const attached = "A debugger is attached; a second one waits until that has detached. Attach with";
      assert.equal(await commands.text("local", "gdb", "web"), first.replace("Attach with", attached));
      assert.equal(told.filter(({ execute }) => execute === "human-monitor-command").length, 1);
    });

    it("reports what QEMU says instead", async () => {
      answer = "Could not open gdbserver on device 'unix:'\r\n";
      await openMonitor();
      assert.match(
        await commands.failure("local", "gdb", "web"),
        /^VMM_FAILED: QEMU did not open the GDB stub of 'web': Could not open gdbserver on device 'unix:'\./,
      );
    });
  });

  describe("'local console'", () => {
    it("copies a terminal both ways until Ctrl-], and puts the serial line back into the log", async () => {
      await openMonitor();
      let typed = "";
      guest = (socket) => {
        socket.setEncoding("utf8").on("data", (text: string) => {
          typed += text;
          if (typed !== "hello\n") return;
          socket.write("got hello\n");
          setTimeout(() => input.write("bye\x1dnot sent"), 200); // once that has been read
        });
      };
      const input = new TestInput(true);
      const attached = attach(input);
      input.write("hello\n");
      assert.deepEqual(await attached, {
        code: 0,
        stdout: "got hello\n",
        stderr: "Attached to 'web'. Ctrl-] detaches.\n\nDetached.\n",
      });
      while (typed !== "hello\nbye") await delay(2);
      assert.equal(input.isRaw, false, "the terminal is as it was");
      const { consoleLog: logfile, consoleSocket } = files;
      const data = { addr: { type: "unix", data: { path: consoleSocket } }, server: true, wait: false, logfile, logappend: true }; // prettier-ignore
      assert.deepEqual(told[0]?.arguments, { id: "console", backend: { type: "socket", data } });
      assertReconnected();
    });

    it("ends with the VM", async () => {
      await openMonitor();
      guest = (socket) => socket.end("last words\n");
      const { stdout, stderr, code } = await attach(new TestInput(true));
      assert.deepEqual([code, stdout], [0, "last words\n"]);
      assert.match(stderr, /\nThe VM has ended\.\n$/);
    });

    it("sends a pipe as it is, and ends once the guest has been quiet for a second", async () => {
      await openMonitor();
      let typed = "";
      guest = (socket) => socket.setEncoding("utf8").on("data", (text: string) => {
        typed += text;
        setTimeout(() => socket.write("late answer\n"), 700);
      }); // prettier-ignore
      const input = new TestInput(false);
      input.end("\x1dquit\n");
      const startedAtMs = performance.now();
      assert.deepEqual(await attach(input), { code: 0, stdout: "late answer\n", stderr: "" });
      assert.ok(performance.now() - startedAtMs > 1_500, "a second after the answer");
      assert.deepEqual([typed, input.isRaw], ["\x1dquit\n", undefined]);
      assertReconnected();
    });

    it("ends on SIGTERM, and does not leave the serial line", async () => {
      const listeners = process.listenerCount("SIGTERM");
      await openMonitor();
      guest = () => setTimeout(() => process.emit("SIGTERM"), 20);
      const { code, stdout } = await attach(new TestInput(false));
      assert.deepEqual([code, stdout], [130, ""]);
      assertReconnected();
      assert.equal(process.listenerCount("SIGTERM"), listeners);
    });

    it("says so if the console cannot be reached", async () => {
      await openMonitor();
      assert.match(await commands.failure("local", "console", "web"), /^VMM_FAILED: The console of 'web' cannot be reached\./); // prettier-ignore
      assertReconnected();
    });
  });
});
