import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { describeStop } from "../../../provider/client/errors/stopReason";
import { shouldRestart } from "../../../provider/platform/instances/lifecycle/restartPolicy";
import { stopFacts } from "../../../provider/platform/instances/lifecycle/stopReason";
import { makeDisk } from "../../../provider/platform/volumes/disk";
import { e2fsTool } from "../../../provider/platform/volumes/diskTools";
import type { VmExit, VmSpec } from "../../../provider/platform/vmm/vmm";
import { readCommandLine } from "../../support/unikraftCommandLine";
import { KernelLab } from "./kernelLab";

const run = promisify(execFile);

/** Folder with kernels of Unikraft, one file each, that this test boots as well. */
const REAL_KERNELS = process.env["UNIKERNEL_TEST_UNIKRAFT_KERNELS"];

/** Names of the libraries whose parameters app-elfloader takes. */
const ELFLOADER = ["takes netdev", "takes vfs", "takes env"];

/** How users read this end, when nobody asked for it. */
function words(exit: VmExit): string {
  const facts = stopFacts(exit, { requestedBy: undefined, forced: false });
  const { stopReason, stopCode, exitCode, stopNotice } = facts;
  return describeStop({ stop_reason: stopReason, stop_code: stopCode, exit_code: exitCode, stop_notice: stopNotice });
}

const restartsOnFailure = (exit: VmExit): boolean =>
  shouldRestart("on-failure", stopFacts(exit, { requestedBy: undefined, forced: false }));

describe("kernels of Unikraft on QEMU", function () {
  this.timeout(60_000);
  const table: string[][] = [["point", "kernel", "observed"]];
  const row = (point: string, kernel: string, observed: string): void => void table.push([point, kernel, observed]);
  let lab: KernelLab;
  before(async () => (lab = await KernelLab.open()));
  after(async () => {
    await lab.close();
    // These kernels have no network; point 10 is about connections, which the proxy's tests drain without a kernel.
    row("10 half-closed", "not given", "see test/contract/platform/drain.test.ts");
    const widths = [0, 1].map((column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
    for (const cells of table) {
      process.stdout.write(`      ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ")}\n`);
    }
  });

  const boot = async (main: readonly string[], more: Partial<VmSpec> = {}): Promise<VmExit> =>
    (await lab.start(await lab.assembled(main, more))).exited;

  /** Line of the command line that a running kernel shows. */
  async function commandLineOf(main: readonly string[], more: Partial<VmSpec>): Promise<string> {
    const spec = await lab.assembled([...main, "say_command_line", "power_off"], more);
    await (
      await lab.start(spec)
    ).exited;
    return /^command line: <\S+ ?([^\n]*)>$/m.exec(await lab.console(spec))?.[1] ?? "nothing";
  }

  it("1: say that a kernel which finds no random numbers needs QEMU 8 or hardware virtualisation", async () => {
    const line = "[    0.000000] ERR:  [libukrandom] Could not initialize the HWRNG (-95)";
    const exit = await boot([`say "${line}"`, "crash"]);
    assert.match(words(exit), /RDRAND, RDSEED.*use QEMU 8, or hardware virtualisation/);
    row("1 no RDSEED", "assembled", words(exit));
    // newer kernels warn and go on
    const warned = await boot([`say "${line.replace("ERR:", "Warn:")}"`, "power_off"]);
    assert.deepEqual(warned, { kind: "exited", exitCode: undefined });
  });

  it("2: get every variable and argument intact, whatever it holds", async () => {
    const env = { A: "x", LIST: '["a", "b"]', C: "[ z ]", D: "y \\ \"'" };
    const args = ["/server", "[ x ]", 'a "b" \\', "--", "$H", "ü", "plain"];
    const line = await commandLineOf(ELFLOADER, { env, args });
    const read = readCommandLine(line);
    assert.deepEqual(
      read.parameters.get("env.vars"),
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
    );
    assert.deepEqual(read.args, args);
    row(
      "2 values with ']'",
      "assembled",
      `${read.parameters.get("env.vars")?.length} of 4 variables, ${read.args.length} of 7 arguments`,
    );
  });

  it("3: get a volume as a folder of the host over 9p, and are refused one with ext4 data", async () => {
    const disk = { file: path.join(lab.folder, "volume.ext4"), at: "/data", readonly: false };
    const other = { file: path.join(lab.folder, "other,1.ext4"), at: "/conf", readonly: true };
    for (const { file } of [disk, other]) await makeDisk(file, 16);
    const disks = [disk, other];
    const spec = await lab.assembled([...ELFLOADER, "say_command_line", "say_shares", "power_off"], { disks });
    await (
      await lab.start(spec)
    ).exited;
    const console = await lab.console(spec);
    const fstab = readCommandLine(/<\S+ ([^\n]*)>/.exec(console)?.[1] ?? "").parameters.get("vfs.fstab");
    assert.deepEqual(fstab, ["fs0:/data:9pfs:::mkmp", "fs1:/conf:9pfs:::mkmp"]);
    assert.deepEqual(console.match(/^9p share <.*>$/gm), ["9p share <fs0>", "9p share <fs1>"]);
    row("3 volumes", "assembled", `${fstab.join(" ")}, devices found: fs0, fs1`);
    const source = path.join(lab.folder, "source");
    await fs.mkdir(source);
    await fs.writeFile(path.join(source, "note"), "x");
    const full = { file: path.join(lab.folder, "full.ext4"), at: "/data", readonly: false };
    await makeDisk(full.file, 16);
    await run(e2fsTool("mkfs.ext4"), ["-q", "-F", "-d", source, full.file]);
    const refused = await boot(ELFLOADER, { disks: [full] }).then(String, String);
    assert.match(refused, /'\/data' has data in an ext4 file system, which a Unikraft kernel cannot mount/);
    row("3 ext4 with data", "assembled", refused);
  });

  for (const [what, main, expected] of [
    [
      "assertion",
      ['say "[    1.0] CRIT: [libukdebug] Assertion failure: x == y"', "crash"],
      /an assertion of the kernel failed/,
    ],
    [
      "trap 6",
      ['say "[    1.0] CRIT: [libkvmplat] Unhandled Trap 6 (invalid opcode), error code=0x0"', "crash"],
      /trap 6 \(invalid opcode\)/,
    ],
    [
      "trap 13",
      ['say "[    1.0] CRIT: [libkvmplat] Unhandled Trap 13 (general protection), error code=0x0"', "crash"],
      /trap 13 \(general protection\)/,
    ],
    ["page fault", ['say "[    1.0] CRIT: [libkvmplat] page fault at 0x18, error code=0x2"', "crash"], /page fault/],
    [
      "a driver is missing",
      ['say "[    0.1] ERR:  [libukboot] Init function at 0x1234 returned error -1"', "crash"],
      /could not initialise \(error -1\)/,
    ],
    ["no word", ["crash"], /the kernel crashed/],
    ["triple fault", ["triple_fault"], /the kernel crashed/],
  ] as const) {
    it(`4: are known to have crashed, by ${what}, with and without a daemon`, async () => {
      const spec = await lab.assembled(["wait 8", ...main]); // the time to adopt it
      const first = await lab.start(spec);
      first.disconnect();
      const adopted = await lab.newVmm().adopt(spec);
      assert.ok(adopted !== undefined, "the VM was gone before its adoption");
      const observed = await lab.keep(adopted).exited;
      const later = await lab.assembled(["wait 1", ...main]);
      const unwatched = await lab.start(later);
      unwatched.disconnect();
      await lab.untilGone(unwatched);
      const postMortem = await lab.newVmm().postMortem(later.uuid);
      for (const exit of [observed, postMortem]) {
        assert.match(words(exit), expected);
        assert.equal(restartsOnFailure(exit), true);
      }
      row(`4 crash: ${what}`, "assembled", words(observed));
    });
  }

  it("4, 5: are known to have ended in order, without an exit code", async () => {
    const spec = await lab.assembled(["wait 8", "power_off"]);
    const first = await lab.start(spec);
    first.disconnect();
    const adopted = await lab.newVmm().adopt(spec);
    assert.ok(adopted !== undefined);
    const clean: VmExit = { kind: "exited", exitCode: undefined };
    assert.deepEqual(await lab.keep(adopted).exited, clean);
    assert.deepEqual(await lab.newVmm().postMortem(spec.uuid), clean);
    assert.equal(restartsOnFailure(clean), false);
    row("5 exit code", "assembled", words(clean));
  });

  it("6: are stopped when their program could not be executed and they sleep", async () => {
    const line = 'say "Failed to execute /nosuch: No such file or directory"';
    const spec = await lab.assembled([line], { args: ["/nosuch"] });
    const startedAt = performance.now();
    const exit = await (await lab.start(spec)).exited;
    const elapsedMs = Math.round(performance.now() - startedAt);
    assert.match(words(exit), /could not execute the program: no such file or directory/);
    assert.equal(restartsOnFailure(exit), true);
    assert.ok(elapsedMs < 3000, `${elapsedMs} ms`);
    row("6 no such program", "assembled", `${words(exit)}, after ${elapsedMs} ms`);
  });

  it("6: run on when their program says this of another program", async () => {
    const line = 'say "Failed to execute /tool: No such file or directory"';
    const spec = await lab.assembled([line, "wait 1", 'say "alive"', "wait 1", "power_off"], { args: ["/server"] });
    await (
      await lab.start(spec)
    ).exited;
    assert.match(await lab.console(spec), /alive/);
  });

  it("6: are stopped when they halt after a trap", async () => {
    const exit = await boot(['say "[    1.0] CRIT: [libkvmplat] Unhandled Trap 8 (double fault), error code=0x0"']);
    assert.match(words(exit), /trap 8 \(double fault\)/);
    row("6 halted after a trap", "assembled", words(exit));
  });

  it("7: boot without arguments, and with only the parameters that they take", async () => {
    assert.equal(await commandLineOf([], {}), "");
    assert.equal(await commandLineOf([], { args: ["-p", "80"] }), "-p 80");
    const networked = await commandLineOf(["takes netdev"], {});
    assert.match(networked, /^netdev\.ip=\S+ --$/);
    row("7 no arguments", "assembled", `"" without uklibparam, "${networked}" with it`);
    for (const more of [{ env: { TOKEN: "secret" } }, { disks: [{ file: "/x", at: "/data", readonly: false }] }]) {
      const refused = await boot([], more).then(String, (error: unknown) => error);
      assert.ok(refused instanceof Error && !refused.message.includes("secret"));
      assert.match(refused.message, /takes no environment variables, .* TOKEN|mounts no volumes/);
    }
  });

  it("8: are refused too little memory for their root file system, with the figure", async () => {
    const initrd = path.join(lab.folder, "rootfs.cpio");
    await fs.writeFile(initrd, "");
    await fs.truncate(initrd, 23_100_000);
    const refused = await boot([], { initrd, memoryMb: 84 }).then(String, String);
    assert.match(
      refused,
      /needs 88 MiB of memory \(4 for the kernel \+ 3\.8 × 22\.\d for its root file system\), but gets 84/,
    );
    const enough = ["takes vfs", "unless_memory_kb 80000, short", 'say "enough"', "short:", "power_off"];
    assert.deepEqual(await boot(enough, { initrd, memoryMb: 88 }), { kind: "exited", exitCode: undefined });
    const failed = await boot(['say "ERR:  [libvfscore] Failed to extract cpio archive"', "crash"]);
    assert.match(words(failed), /lack of memory: raise memoryMb/);
    row("8 memory", "assembled", refused);
  });

  it("9: are stopped at once, because they cannot be asked to", async () => {
    const spec = await lab.assembled(['say "up"']);
    const vm = await lab.start(spec);
    await lab.untilConsole(spec, /^up$/m);
    const startedAt = performance.now();
    const exit = await vm.stop({ graceMs: 10_000 });
    const elapsedMs = Math.round(performance.now() - startedAt);
    assert.equal(exit.kind, "killed");
    assert.ok(elapsedMs < 2000, `${elapsedMs} ms`);
    row("9 stop", "assembled", `after ${elapsedMs} of 10000 ms of grace`);
    const many = { env: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`V${index}`, "x"])) };
    await assert.rejects(boot(ELFLOADER, many), /9 variables; a Unikraft kernel accepts at most 8/);
  });

  it("boot from the folder of real kernels", async function () {
    if (REAL_KERNELS === undefined) {
      row("real kernels", "not given", "set UNIKERNEL_TEST_UNIKRAFT_KERNELS to a folder of kernels for qemu/x86_64");
      return;
    }
    this.timeout(600_000);
    for (const name of await fs.readdir(REAL_KERNELS)) {
      const spec = lab.spec(path.join(REAL_KERNELS, name), { memoryMb: 64 });
      const vm = await lab.start(spec);
      const exit = await Promise.race([vm.exited, lab.untilConsole(spec, /Powered by|Unikraft|o\. {3}\.o/)]);
      row("real kernels", name, typeof exit === "string" ? "booted" : words(exit));
      await vm.stop({ graceMs: 0 });
    }
  });
});
