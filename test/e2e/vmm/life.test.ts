import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { QemuVmm } from "../../../provider/platform/vmm/qemu/qemu";
import { Lab, fetchText, waitForResponse } from "./lab";

const exists = (file: string): Promise<boolean> =>
  fs.stat(file).then(
    () => true,
    () => false,
  );

describe("the lifecycle of a VM on QEMU", function () {
  this.timeout(60_000);
  let lab: Lab;
  before(async function () {
    this.timeout(180_000);
    lab = await Lab.open();
  });
  after(() => lab.close());

  it("reports the exit code of a program that ends at once", async () => {
    const spec = lab.script("exit 42");
    const vm = await lab.start(spec);
    assert.deepEqual(await vm.exited, { kind: "exited", exitCode: 42 });
    assert.deepEqual(await lab.vmm.postMortem(spec.uuid), { kind: "exited", exitCode: 42 });
    assert.equal(await lab.vmm.adopt(spec), undefined);
  });

  it("reports 127 for a program that does not exist, and logs it to the console", async () => {
    const spec = lab.spec(["/no/such/program", "x"]);
    assert.deepEqual(await (await lab.start(spec)).exited, { kind: "exited", exitCode: 127 });
    assert.match(await lab.console(spec), /\/no\/such\/program.*No such file/);
  });

  it("reports a kernel panic with the last console lines", async () => {
    const spec = lab.script("echo last words; echo c > /proc/sysrq-trigger; sleep 60");
    const exit = await (await lab.start(spec)).exited;
    assert.equal(exit.kind, "panicked");
    assert.match(exit.kind === "panicked" ? exit.detail : "", /^Kernel panic/);
    assert.match(await lab.console(spec), /last words/);
    assert.deepEqual(await lab.vmm.postMortem(spec.uuid), exit);
  });

  it("stops gracefully: the program receives SIGTERM and can still write", async () => {
    const file = await lab.disk("stop.ext4");
    const disks = [{ file, at: "/data", readonly: false }];
    const text = "trap 'echo bye > /data/note; exit 3' TERM; echo ready; while :; do sleep 1; done";
    const spec = lab.script(text, { disks });
    const vm = await lab.start(spec);
    await lab.untilConsole(spec, /^ready$/m);
    assert.deepEqual(await vm.stop({ graceMs: 10_000 }), { kind: "exited", exitCode: 3 });
    assert.deepEqual(await vm.stop({ graceMs: 10_000 }), { kind: "exited", exitCode: 3 });
    const reader = lab.script("cat /data/note", { disks });
    await (
      await lab.start(reader)
    ).exited;
    assert.match(await lab.console(reader), /^bye$/m);
  });

  it("kills a program that ignores SIGTERM after the grace period, and still unmounts", async () => {
    const file = await lab.disk("stubborn.ext4");
    const disks = [{ file, at: "/data", readonly: false }];
    const text = "trap '' TERM; echo x > /data/note; echo ready; while :; do sleep 1; done";
    const spec = lab.script(text, { disks });
    const vm = await lab.start(spec);
    await lab.untilConsole(spec, /^ready$/m);
    assert.deepEqual(await vm.stop({ graceMs: 1000 }), { kind: "exited", exitCode: 137 });
    const reader = lab.script("cat /data/note", { disks });
    await (
      await lab.start(reader)
    ).exited;
    assert.match(await lab.console(reader), /^x$/m);
  });

  it("accepts a stop before the program starts, and one of a paused VM", async () => {
    const early = await lab.start(lab.script("sleep 600"));
    assert.deepEqual(await early.stop({ graceMs: 20_000 }), { kind: "exited", exitCode: 143 });
    const paused = await lab.start(lab.script("sleep 600"));
    await paused.started;
    await paused.pause();
    assert.deepEqual(await paused.stop({ graceMs: 20_000 }), { kind: "exited", exitCode: 143 });
  });

  it("kills the VM at once without a grace period", async () => {
    const vm = await lab.start(lab.script("sleep 600"));
    assert.equal((await vm.stop({ graceMs: 0 })).kind, "killed");
  });

  it("serves nothing while paused and continues when resumed", async () => {
    const vm = await lab.start(lab.script("exec httpd -f -h /www"));
    await waitForResponse(vm, 80);
    await vm.pause();
    assert.equal(await vm.probePort(80, AbortSignal.timeout(60_000)), false);
    await vm.resume();
    await waitForResponse(vm, 80);
    await vm.stop({ graceMs: 0 });
  });

  it("reports that QEMU was killed", async () => {
    const spec = lab.script("sleep 600");
    const vm = await lab.start(spec);
    await vm.started;
    process.kill(vm.pid ?? assert.fail(), "SIGKILL");
    const exit = await vm.exited;
    assert.equal(exit.kind, "killed");
    assert.match(exit.kind === "killed" ? exit.detail : "", /SIGKILL/);
    assert.equal((await lab.vmm.postMortem(spec.uuid)).kind, "killed");
  });

  it("is adopted by another VMM: same process, still reachable, still stoppable", async () => {
    const spec = lab.script("exec httpd -f -h /www");
    const first = await lab.start(spec);
    await waitForResponse(first, 80);
    assert.equal(await fetchText(first, 80), "hello from the guest\n");
    first.disconnect();
    const second = await lab.newVmm().adopt(spec);
    assert.ok(second !== undefined);
    lab.keep(second, spec);
    assert.equal(second.pid, first.pid);
    await second.started;
    assert.equal(await fetchText(second, 80), "hello from the guest\n");
    assert.equal(await second.probePort(80, AbortSignal.timeout(60_000)), true);
    assert.deepEqual(await second.stop({ graceMs: 10_000 }), { kind: "exited", exitCode: 143 });
    assert.equal(await lab.vmm.adopt(spec), undefined);
  });

  it("is found by a daemon with another environment, even without a recorded process id", async () => {
    const spec = lab.script("exec httpd -f -h /www");
    const first = await lab.start(spec);
    first.disconnect();
    const elsewhere = await new QemuVmm({ ...lab.paths, runDir: path.join(lab.folder, "elsewhere") }).adopt(spec);
    assert.equal(elsewhere?.pid, first.pid);
    elsewhere?.disconnect();
    await fs.rm(path.join(lab.paths.instancesDir, spec.uuid, "vm.json"));
    const again = await lab.vmm.adopt(spec);
    assert.ok(again !== undefined);
    lab.keep(again, spec);
    assert.equal(again.pid, first.pid);
    await again.stop({ graceMs: 0 });
  });

  it("is killed when nothing can control it any more", async () => {
    const spec = lab.script("sleep 600");
    const first = await lab.start(spec);
    first.disconnect();
    await fs.rm(lab.paths.runDir, { recursive: true });
    assert.equal(await lab.vmm.adopt(spec), undefined);
    assert.equal(await exists(`/proc/${first.pid}/exe`), false);
  });

  it("keeps its sockets in a private folder", async () => {
    const run = path.join(lab.folder, "shared");
    const target = path.join(lab.folder, "target");
    await fs.mkdir(target, { mode: 0o700 });
    for (const make of [() => fs.mkdir(run).then(() => fs.chmod(run, 0o777)), () => fs.symlink(target, run)]) {
      await make();
      const spec = lab.spec(["true"]);
      await assert.rejects(new QemuVmm({ ...lab.paths, runDir: run }).start(spec), {
        code: "VMM_FAILED",
        message: /shared/,
      });
      assert.equal(await lab.vmm.adopt(spec), undefined);
      await fs.rm(run, { recursive: true });
    }
  });

  it("survives the kill of the process that started it", async () => {
    const spec = lab.script("exec httpd -f -h /www");
    const starter = path.join(__dirname, "starter.ts");
    const input = JSON.stringify({ paths: lab.paths, spec });
    const child = spawn(process.execPath, ["-r", "tsx/cjs", starter, input], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    child.kill("SIGKILL");
    await once(child, "close");
    const vm = await lab.vmm.adopt(spec);
    assert.ok(vm !== undefined);
    lab.keep(vm, spec);
    assert.equal(vm.pid, Number(line.toString()));
    await waitForResponse(vm, 80);
    process.kill(vm.pid ?? assert.fail(), "SIGKILL");
    assert.equal((await vm.exited).kind, "killed");
    assert.equal(await lab.vmm.adopt(spec), undefined);
  });

  it("quotes QEMU when a VM cannot start because its disk is in use", async () => {
    const file = await lab.disk("busy.ext4");
    const disks = [{ file, at: "/data", readonly: false }];
    const vm = await lab.start(lab.script("sleep 600", { disks }));
    await assert.rejects(lab.vmm.start(lab.script("true", { disks })), { code: "VMM_FAILED", message: /lock/ });
    await vm.stop({ graceMs: 0 });
  });

  it("rejects too little memory before creating anything", async () => {
    const spec = lab.script("true", { memoryMb: 64 });
    await assert.rejects(lab.vmm.start(spec), { code: "INPUT_INVALID", property: "memoryMb" });
    assert.equal(await exists(path.join(lab.paths.instancesDir, spec.uuid)), false);
  });

  it("boots with the minimum memory", async () => {
    const spec = lab.script("exit 5", { memoryMb: 80 });
    assert.deepEqual(await (await lab.start(spec)).exited, { kind: "exited", exitCode: 5 });
  });

  it("leaves no file behind", async () => {
    const spec = lab.script("true", { env: { A: "b" } });
    await (
      await lab.start(spec)
    ).exited;
    assert.ok(await exists(lab.vmm.consoleLogPath(spec.uuid)));
    await lab.vmm.removeFiles(spec.uuid);
    const short = spec.uuid.slice(0, 8);
    assert.deepEqual(
      (await fs.readdir(lab.paths.runDir)).filter((name) => name.startsWith(short)),
      [],
    );
    assert.equal(await exists(path.join(lab.paths.instancesDir, spec.uuid)), false);
  });
});
