/**
 * The wall clock of a guest, against that of the host. `UNIKERNEL_TEST_ASLEEP_S` is how long guests sleep, in seconds (5 by default).
 * The figures are printed: they depend on the machine.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FileTree } from "../../../provider/image/rootfs/tree";
import { isSuspended } from "../../../provider/platform/vmm/qemu/host/process";
import type { Vm, VmSpec } from "../../../provider/platform/vmm/vmm";
import { compileGoGuest } from "../../support/goGuest";
import { KernelLab } from "./kernelLab";
import { fetchText, Lab, waitForResponse } from "./lab";

const ASLEEP_MS = Number(process.env["UNIKERNEL_TEST_ASLEEP_S"] ?? "5") * 1000;
const BUSY_MS = ASLEEP_MS;
const MAX_OFFSET_MS = 50;
/** Far less than the sleep, and far more than the error with which a test on a busy machine sees a kernel's clock by its console. */
const STOOD_STILL_MS = 500;
const PORT = 8080;

const report = (what: string, ms: number): void => console.log(`      ${what}: ${ms.toFixed(1)} ms`);
const assertClose = (ms: number): void => assert.ok(Math.abs(ms) <= MAX_OFFSET_MS, `off by ${ms} ms`);

describe("the clock of a guest on QEMU", function () {
  this.timeout(120_000 + 4 * ASLEEP_MS);
  let lab: Lab;
  let server: FileTree;
  before(async () => {
    lab = await Lab.open();
    const binary = path.join(lab.folder, "server");
    await compileGoGuest("goServer", binary);
    server = new Map([["server", { type: "file", mode: 0o755, content: { bytes: await fs.readFile(binary) } }]]);
  });
  after(() => lab.close());

  const start = async (): Promise<Vm> => lab.start(lab.spec(["/server"], { initrd: await lab.pack(server, "cpio") }));

  /** How far the guest's clock is ahead of the host's: the middle of a request, so that it is exact to half of its duration. */
  async function measure(vm: Vm): Promise<{ readonly offsetMs: number; readonly exactToMs: number }> {
    const [sentAt, startMs] = [Date.now(), performance.now()];
    const guestMs = Number(BigInt((await fetchText(vm, PORT, "/clock")).trim()) / 1000n) / 1000;
    const halfMs = (performance.now() - startMs) / 2;
    return { offsetMs: guestMs - (sentAt + halfMs), exactToMs: halfMs };
  }

  /** The offset of a few requests that is known best. */
  async function bestOffsetMs(vm: Vm): Promise<number> {
    const all = [];
    for (let count = 0; count < 5; count++) all.push(await measure(vm));
    return all.reduce((best, one) => (one.exactToMs < best.exactToMs ? one : best)).offsetMs;
  }

  it(`is right after the boot, and after ${ASLEEP_MS / 1000} s asleep from the first request on`, async () => {
    const vm = await start();
    await vm.started;
    await waitForResponse(vm, PORT);
    const afterBoot = await bestOffsetMs(vm);
    report("after the boot", afterBoot);
    assertClose(afterBoot);
    await vm.pause();
    await delay(ASLEEP_MS);
    const resumedAt = performance.now();
    assert.equal(await vm.resume(), "right");
    report("resume, its clock included, took", performance.now() - resumedAt);
    const first = await measure(vm);
    report(`first request after ${ASLEEP_MS / 1000} s asleep (± ${first.exactToMs.toFixed(1)})`, first.offsetMs);
    assertClose(first.offsetMs);
    const later = await bestOffsetMs(vm);
    report("then", later);
    assertClose(later);
  });

  it("delays a wake by half a second at most while the agent hangs, and is set once it responds", async () => {
    const spec = lab.script(`
      for folder in /proc/[0-9]*; do
        [ $folder = /proc/1 ] || ! grep -q sh./init $folder/cmdline || agent=\${folder#/proc/}
      done
      kill -STOP $agent && echo hangs && sleep 3 && kill -CONT $agent && sleep 1 && echo "now $(date +%s)." && sleep 600`);
    const vm = await lab.start(spec);
    await lab.untilConsole(spec, /hangs/);
    await vm.pause();
    await delay(ASLEEP_MS);
    const resumedAt = performance.now();
    assert.equal(await vm.resume(), "behind");
    const tookMs = performance.now() - resumedAt;
    assert.ok(tookMs >= 490 && tookMs < 1_500, `${tookMs} ms`);
    await lab.untilConsole(spec, /now \d+\./);
    const behindS = Date.now() / 1000 - Number(/now (\d+)/.exec(await lab.console(spec))?.[1]);
    assert.ok(behindS > -0.1 && behindS < 2.5, `${behindS} s behind`); // it shows whole seconds
  });

  it("keeps time while the guest and the host are busy", async () => {
    const vm = await start();
    await waitForResponse(vm, PORT);
    const before = await bestOffsetMs(vm);
    await fetchText(vm, PORT, `/compute?seconds=${Math.ceil(BUSY_MS / 1000)}`);
    await delay(BUSY_MS);
    const drift = (await bestOffsetMs(vm)) - before;
    report(`drift in ${BUSY_MS / 1000} s of computing`, drift);
    assertClose(drift);
  });
});

/**
 * Prints bits 31 to 38 of the time-stamp counter, a kernel's clock, as two letters whenever they change: about every second. The counter
 * does not depend on how long the kernel ran.
 */
const PRINT_COUNTER = [
  "again: rdtsc",
  "shld $1, %eax, %edx",
  "cmp %edx, %edi",
  "je again",
  "mov %edx, %edi",
  ...["mov %edi, %eax", "shr $4, %eax", "and $15, %al", "add $'A', %al", "mov %al, text"],
  ...["mov %edi, %eax", "and $15, %al", "add $'A', %al", "mov %al, text + 1"],
  ...["movw $'\\n', text + 2", "mov $text, %esi", "call print", "jmp again"],
];

describe("a kernel without an agent on QEMU", function () {
  this.timeout(60_000 + 4 * ASLEEP_MS);
  let lab: KernelLab;
  before(async () => (lab = await KernelLab.open()));
  after(() => lab.close());

  /** The values of the counter that were printed so far. */
  async function counts(spec: VmSpec): Promise<number[]> {
    const letters = (await lab.console(spec)).match(/[A-P]{2}/g) ?? [];
    return letters.map(([high = "A", low = "A"]) => (high.charCodeAt(0) - 65) * 16 + low.charCodeAt(0) - 65);
  }

  /** The next change of the counter. */
  async function nextChange(spec: VmSpec): Promise<{ readonly count: number; readonly atMs: number }> {
    const { length } = await counts(spec);
    for (;;) {
      const count = (await counts(spec))[length];
      if (count !== undefined) return { count, atMs: performance.now() };
      await delay(2);
    }
  }

  it(`sleeps together with its QEMU: its clock goes on for ${ASLEEP_MS / 1000} s`, async () => {
    const spec = await lab.assembled(PRINT_COUNTER);
    const vm = await lab.start(spec);
    await nextChange(spec); // shows when it was started
    const first = await nextChange(spec);
    let before = first;
    while (before.atMs - first.atMs < ASLEEP_MS) before = await nextChange(spec);
    const unitMs = (before.atMs - first.atMs) / ((before.count - first.count + 256) % 256);
    await vm.pause();
    while (!(await isSuspended(vm.pid ?? 0))) await delay(2);
    const { length } = await counts(spec);
    await delay(ASLEEP_MS);
    assert.equal((await counts(spec)).length, length);
    assert.equal(await vm.resume(), "right");
    await nextChange(spec); // shows at once that it slept
    const shifts: number[] = [];
    for (let count = 0; count < 4; count++) {
      const after = await nextChange(spec);
      shifts.push(((after.count - before.count + 256) % 256) * unitMs - (after.atMs - before.atMs));
    }
    const shiftMs = Math.max(...shifts); // a busy machine shows changes late, never early
    report(`shifted by ${ASLEEP_MS / 1000} s asleep, if not seen late`, shiftMs);
    assert.ok(Math.abs(shiftMs) < STOOD_STILL_MS, `off by ${shiftMs} ms`);
  });

  it("is adopted asleep, and stops asleep", async () => {
    const spec = await lab.assembled(PRINT_COUNTER);
    const vm = await lab.start(spec);
    await nextChange(spec);
    await vm.pause();
    vm.disconnect();
    const adopted = await lab.newVmm().adopt(spec);
    assert.ok(adopted !== undefined);
    lab.keep(adopted);
    await nextChange(spec); // whoever adopts it decides whether it sleeps on
    await adopted.pause();
    assert.equal((await adopted.stop({ graceMs: 0 })).kind, "killed");
  });
});
