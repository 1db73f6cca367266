/** VMs that are saved to the disk: what they keep, what they free, and what happens to damaged files. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type MemoryFiles, memoryFilesOf } from "../../../provider/platform/vmm/qemu/memory/files";
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import { MemoryLostError, type Vm, type VmSpec } from "../../../provider/platform/vmm/vmm";
import { Lab, waitForResponse } from "./lab";
import { killDuring } from "./killedSaver";

const run = promisify(execFile);
const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;
/** Serves a count that grows in the guest's memory, and an id that each boot chooses anew. */
const COUNTER = `cat /proc/sys/kernel/random/boot_id > /www/boot
  (i=0; while :; do i=$((i+1)); echo $i > /www/.next; mv /www/.next /www/count; sleep 0.05; done) &
  exec httpd -f -h /www`;

const isAlive = (pid: number | undefined): Promise<boolean> =>
  fs.stat(`/proc/${pid}/exe`).then(
    () => true,
    () => false,
  );

/** A file of the guest's web server. */
async function fetchFile(vm: Vm, file: string): Promise<string> {
  const socket = await vm.connect(80, { timeoutMs: 30_000, signal: AbortSignal.timeout(30_000) });
  assert.ok(socket !== undefined);
  socket.write(`GET /${file} HTTP/1.0\r\n\r\n`);
  let text = "";
  for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
  return text.split("\r\n\r\n")[1]?.trim() ?? "";
}

describe("a VM that is saved to the disk, on QEMU", function () {
  this.timeout(120_000);
  let lab: Lab;
  let spec: VmSpec;
  let vm: Vm;
  let memory: MemoryFiles;
  before(async function () {
    this.timeout(180_000);
    lab = await Lab.open();
  });
  after(() => lab.close());

  const boot = async (more: Partial<VmSpec> = {}): Promise<void> => {
    spec = lab.script(COUNTER, { isSavable: true, ...more });
    vm = await lab.start(spec);
    memory = memoryFilesOf(path.join(lab.paths.instancesDir, spec.uuid));
    await waitForResponse(vm, 80);
  };
  const count = async (): Promise<number> => Number(await fetchFile(vm, "count"));
  const save = async (): Promise<void> => {
    await vm.pause();
    assert.equal(await vm.save(NEVER), true);
  };
  const memoryFiles = async (): Promise<string[]> =>
    (await fs.readdir(memory.folder)).filter((name) => name.startsWith("memory."));
  const wake = async (): Promise<void> => {
    await vm.resume();
    lab.network.replug(spec.uuid, vm);
  };

  describe("that runs", () => {
    before(() => boot());
    after(() => vm.stop({ graceMs: 0 }));

    it("keeps what is in its memory and frees its own, again and again", async () => {
      const bootOf = await fetchFile(vm, "boot");
      const figures: string[] = [];
      for (let round = 0; round < 3; round++) {
        const before = await count();
        const { pid } = vm;
        const { rssBytes, cpuTimeMs } = await vm.usage();
        assert.ok(rssBytes > 64 * MIB);
        const pausedAt = performance.now();
        await save();
        const savedAt = performance.now();
        assert.deepEqual([vm.isSaved, vm.pid, await isAlive(pid)], [true, undefined, false]);
        const asleep = await vm.usage();
        assert.equal(asleep.rssBytes, 0);
        assert.ok(asleep.cpuTimeMs >= cpuTimeMs);
        const { stdout } = await run("du", ["-sk", memory.folder]);
        await delay(300);
        const wokenAt = performance.now();
        await wake();
        const resumedAt = performance.now();
        const after = await count();
        const answeredAt = performance.now();
        assert.ok(after >= before && after < before + 60, `${before}, then ${after}`);
        assert.equal(await fetchFile(vm, "boot"), bootOf);
        figures.push(
          `saved in ${Math.round(savedAt - pausedAt)} ms, resumed in ${Math.round(resumedAt - wokenAt)} ms, ` +
            `first answer after ${Math.round(answeredAt - wokenAt)} ms, ${Math.round(parseInt(stdout, 10) / 1024)} MiB on disk, ` +
            `${Math.round(rssBytes / MIB)} MiB of memory freed`,
        );
      }
      console.log(figures.map((line) => `        ${line}`).join("\n"));
    });

    it("leaves its files to its user alone, and no socket, while it is saved", async () => {
      await save();
      const names = await fs.readdir(memory.folder);
      for (const file of [memory.ram, memory.state, memory.machine, memory.saved])
        assert.ok(names.includes(path.basename(file)), file);
      for (const name of names) assert.equal((await fs.stat(path.join(memory.folder, name))).mode & 0o777, 0o600, name);
      assert.deepEqual(await fs.readdir(lab.paths.runDir), []);
      await wake();
      for (const file of [memory.state, memory.saved]) await assert.rejects(fs.stat(file), { code: "ENOENT" });
    });

    it("goes on at once when somebody needs it while it is being saved", async () => {
      await vm.pause();
      const { pid } = vm;
      const cancelled = new AbortController();
      const saving = vm.save(cancelled.signal);
      cancelled.abort();
      assert.equal(await saving, false);
      await vm.resume();
      assert.equal(vm.pid, pid);
      assert.ok((await count()) > 0);
      await save(); // and it can be saved later
      await wake();
      assert.ok((await count()) > 0);
    });

    it("opens connections to many clients once it is restored", async () => {
      await save();
      await wake();
      const answers = await Promise.all(Array.from({ length: 40 }, () => fetchFile(vm, "index.html")));
      assert.deepEqual([...new Set(answers)], ["hello from the guest"]);
    });

    it("stays paused in memory when the disk has no space for it", async () => {
      await vm.pause();
      await fs.symlink("/dev/full", memory.state);
      await assert.rejects(vm.save(NEVER), { code: "NO_SPACE" });
      assert.equal(vm.isSaved, false);
      await vm.resume();
      assert.ok((await count()) > 0);
      await save(); // once there is space
      await wake();
      assert.ok((await count()) > 0);
    });

    it("stays what it is when its daemon is killed at any moment of a save or a restore", async () => {
      const bootOf = await fetchFile(vm, "boot");
      const outcomes: string[] = [];
      const kill = async (work: "save" | "wake", killAfterMs: number): Promise<void> => {
        vm = await killDuring(lab, { vm, spec }, work, killAfterMs);
        outcomes.push(`${work} ${killAfterMs} ms: ${vm.isSaved ? "saved" : "in memory"}`);
      };
      for (const killAfterMs of [30, 150]) {
        const before = await count();
        await kill("save", killAfterMs);
        if (!vm.isSaved) await save();
        await kill("wake", killAfterMs * 2);
        await wake();
        const after = await count();
        assert.ok(after >= before && after < before + 200, `${before}, then ${after}`);
        assert.equal(await fetchFile(vm, "boot"), bootOf);
        const { stdout } = await run("pgrep", ["-fc", memory.folder]);
        assert.equal(stdout.trim(), "1", "it runs twice");
      }
      console.log(`        killed: ${outcomes.join(", ")}`);
    });
  });

  it("survives a switched-off machine and a new daemon, and ends where it is saved", async () => {
    await boot();
    const before = await count();
    await save();
    vm.disconnect();
    await fs.rm(lab.paths.runDir, { recursive: true });
    await fs.writeFile(lab.paths.runDir, ""); // nor can the folder of its sockets be made again
    vm = (await new QemuVmm({ ...lab.paths, runDir: `${lab.paths.runDir}, 2` }).adopt(spec)) ?? assert.fail();
    assert.deepEqual([vm.isSaved, vm.pid], [true, undefined]);
    await wake();
    const after = await count();
    assert.ok(after >= before && after < before + 60, `${before}, then ${after}`);
    await save();
    assert.equal((await vm.stop({ graceMs: 0 })).kind, "killed"); // where it is
    await fs.rm(lab.paths.runDir);
    assert.equal(await lab.vmm.adopt(spec), undefined);
    assert.deepEqual(await memoryFiles(), []);
  });

  const DAMAGES: readonly [name: string, expected: RegExp, damage: () => Promise<void>][] = [
    ["a truncated device state", /devices is damaged/, () => fs.truncate(memory.state, 1000)],
    ["a mark cut off by a power cut", /are damaged/, () => fs.truncate(memory.saved, 20)],
    ["a machine that QEMU does not know", /QEMU could not start the VM/, () => replaceArgument(/^pc-q35-/, "pc-none-")],
    ["another device", /load of migration failed/, () => replaceArgument(/^virtio-net-pci,.*/, "virtio-rng-pci")],
  ];
  const editMachine = async (change: Record<string, unknown>): Promise<void> => {
    const machine = JSON.parse(await fs.readFile(memory.machine, "utf8")) as Record<string, unknown>;
    await fs.writeFile(memory.machine, JSON.stringify({ ...machine, ...change }));
  };
  const replaceArgument = async (old: RegExp, other: string): Promise<void> => {
    const { args } = JSON.parse(await fs.readFile(memory.machine, "utf8")) as { args: string[] };
    await editMachine({ args: args.map((arg) => arg.replace(old, other)) });
  };

  it("is given up for a reason when its files are damaged, and nothing is left of it", async () => {
    const disk = await lab.disk("volume.ext4");
    await boot({ disks: [{ file: disk, at: "/data", readonly: false }] });
    await save();
    vm.disconnect();
    const intact = path.join(memory.folder, "intact");
    await fs.mkdir(intact);
    const names = await memoryFiles();
    for (const name of names) await fs.rename(path.join(memory.folder, name), path.join(intact, name));
    const restoreFiles = async (): Promise<void> => {
      for (const name of names) {
        const [from, to] = [path.join(intact, name), path.join(memory.folder, name)];
        await (name === path.basename(memory.ram) ? fs.link(from, to) : fs.copyFile(from, to));
      }
    };
    const assertLost = async (name: string, expected: RegExp): Promise<void> => {
      const found = (await lab.newVmm().adopt(spec)) ?? assert.fail(name);
      const isExpected = (error: unknown) => error instanceof MemoryLostError && expected.test(error.message);
      await assert.rejects(found.resume(), isExpected, name);
      assert.equal((await found.exited).kind, "killed", name);
      assert.deepEqual(await memoryFiles(), [], name);
      await assert.rejects(run("pgrep", ["-f", memory.folder]), name);
    };
    for (const [name, expected, damage] of DAMAGES) {
      await restoreFiles();
      await damage();
      await assertLost(name, expected);
    }
    await restoreFiles();
    vm = (await lab.newVmm().adopt(spec)) ?? assert.fail();
    await wake(); // what is intact can still be restored
    assert.ok((await count()) > 0);
    await save();
    vm.disconnect();
    const tools = { env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` } };
    await run("debugfs", ["-w", "-R", "mkdir /intruder", disk], tools);
    await assertLost("a volume that somebody has written to", /a volume was changed/);
  });
});
