/** Clones of a guest: what they share, what each has of its own, and what happens without the memory of their original. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { type SnapshotFiles, snapshotFilesOf } from "../../../provider/platform/vmm/qemu/memory/snapshot";
import { DEFAULT_NETWORK, type VmInterface, vmNetworkOf } from "../../../provider/platform/network/addresses";
import { plainInterface } from "../../support/vmNetwork";
import { MemoryLostError, type Vm, type VmSpec } from "../../../provider/platform/vmm/vmm";
import { fetchText, Lab, waitForResponse } from "./lab";
import { killDuring } from "./killedSaver";

const MIB = 1024 * 1024;
const PORT = 80;
/** Serves what it remembers of its boot, and what it is now. */
const SERVER = String.raw`mkdir -p /www/cgi-bin
  cat /proc/sys/kernel/random/boot_id > /www/boot
  cat > /www/cgi-bin/self <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; echo
cat /proc/sys/kernel/random/uuid
hostname
ip -o -4 addr show eth0
ip -o -4 addr show eth1
ip -o link show eth0
ls -d /data/lost+found
ip route
cat /etc/hosts /etc/resolv.conf
cat /proc/sys/kernel/random/boot_id
date +%s
END
  cat > /www/cgi-bin/fetch <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 $QUERY_STRING 80
END
  chmod +x /www/cgi-bin/*
  exec httpd -f -h /www`;

/** Proportional and private memory of a process, in MiB. */
async function memoryOf({ pid }: Vm): Promise<{ readonly pss: number; readonly own: number }> {
  const text = await fs.readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? NaN);
  return { pss: kib("Pss") / 1024, own: kib("Private_Dirty") / 1024 };
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

describe("clones of a guest, on QEMU", function () {
  this.timeout(120_000);
  let lab: Lab;
  let count = 0;
  let original: VmSpec;
  let disk: string;
  let bootId: string;
  let bootedMib: number;
  let snapshot: SnapshotFiles;
  before(async function () {
    this.timeout(180_000);
    lab = await Lab.open();
    disk = await lab.disk("shared.ext4");
    original = guest("original");
    const vm = await lab.start(original);
    await waitForResponse(vm, PORT);
    bootId = await fetchText(vm, PORT, "/boot");
    bootedMib = (await memoryOf(vm)).pss;
    snapshot = snapshotFilesOf(path.join(lab.folder, "snapshot"));
    const startMs = performance.now();
    assert.equal(vm.uncapturable, undefined);
    await vm.pause();
    await vm.capture(snapshot.folder);
    console.log(`        captured in ${Math.round(performance.now() - startMs)} ms`);
    await vm.stop({ graceMs: 0 });
    for (const file of [snapshot.ram, snapshot.devices, snapshot.description])
      assert.equal((await fs.stat(file)).mode & 0o777, 0o600, file); // an ordinary user's QEMU opens it for writing
  });
  after(() => lab.close());

  /** A guest with two cards and a volume that it reads. */
  function guest(hostname: string, more: Partial<VmSpec> = {}): VmSpec {
    const last = ++count;
    const interfaces = [plainInterface(`172.16.2.${last}`), plainInterface(`10.9.0.${last}`, 24)];
    const disks = [{ file: disk, at: "/data", readonly: true }];
    return lab.script(SERVER, { hostname, disks, network: vmNetworkOf(DEFAULT_NETWORK, interfaces), ...more });
  }
  const cloneSpec = (hostname: string, more: Partial<VmSpec> = {}): VmSpec =>
    guest(hostname, { isSavable: true, ...more });
  const clone = async (spec: VmSpec, from = snapshot): Promise<Vm> =>
    lab.keep(await lab.vmm.clone(spec, from.folder), spec);

  async function wake(vm: Vm, { uuid }: VmSpec): Promise<void> {
    await vm.resume();
    lab.network.replug(uuid, vm);
  }

  async function assertPrivate(spec: VmSpec): Promise<void> {
    const folder = path.dirname(lab.vmm.consoleLogPath(spec.uuid));
    for (const name of await fs.readdir(folder))
      assert.equal((await fs.stat(path.join(folder, name))).mode & 0o777, 0o600, name);
  }

  it("serve at once, each with its own addresses, host name, random numbers and the right time", async () => {
    const specs = ["first", "second", "third"].map((name) => cloneSpec(name));
    const startMs = performance.now();
    const clones = await Promise.all(specs.map((spec) => clone(spec)));
    const startedMs = performance.now() - startMs;
    assert.deepEqual(await Promise.all(clones.map((vm) => fetchText(vm, PORT, "/boot"))), [bootId, bootId, bootId]);
    const random = [bootId.trim()];
    for (const [index, vm] of clones.entries()) {
      const text = await fetchText(vm, PORT, "/cgi-bin/self");
      const [urandom = "", uuid = "", hostname, address, second, link, file] = text.split("\n");
      const [{ ip, mac }, other] = specs[index]?.network.interfaces as [VmInterface, VmInterface];
      random.push(urandom, uuid, text.trim().split("\n").at(-2) ?? "");
      assert.match(urandom, /^[0-9a-f]{32}$/);
      assert.equal(hostname, specs[index]?.hostname);
      assert.match(address ?? "", new RegExp(`inet ${ip.replaceAll(".", "\\.")}/16 `));
      assert.match(second ?? "", new RegExp(`inet ${other.ip.replaceAll(".", "\\.")}/24 `));
      assert.ok((link ?? "").includes(mac), link);
      assert.equal(file, "/data/lost+found");
      assert.match(text, /^default via 172\.16\.0\.1 dev eth0/m);
      assert.match(text, new RegExp(`^${ip} ${hostname}$`, "m"));
      assert.ok(!text.includes("original") && !text.includes(original.network.interfaces[0]?.ip ?? ""), text);
      assert.equal(text.split("nameserver").length, 2, text);
      const aheadS = Number(text.trim().split("\n").at(-1)) - Date.now() / 1000;
      assert.ok(Math.abs(aheadS) < 1.5, `${aheadS} s`); // it shows whole seconds
    }
    assert.equal(new Set(random).size, random.length, random.join(", "));
    const [first, second] = clones;
    const [, { network }] = specs as [VmSpec, VmSpec];
    assert.ok(first !== undefined && second !== undefined);
    const page = await fetchText(first, PORT, `/cgi-bin/fetch?${network.interfaces[0]?.ip}`);
    assert.match(page, /hello from the guest/);
    const memory = await Promise.all(clones.map((vm) => memoryOf(vm)));
    const mib = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(", ");
    console.log(
      `        three at once in ${Math.round(startedMs)} ms; PSS ${mib(memory.map(({ pss }) => pss))} MiB, ` +
        `dirty ${mib(memory.map(({ own }) => own))} MiB; booted: PSS ${Math.round(bootedMib)} MiB`,
    );
    for (const { pss } of memory) assert.ok(pss < bootedMib * 0.7, `${pss} of ${bootedMib} MiB`);
    await Promise.all(clones.map((vm) => vm.stop({ graceMs: 0 })));
  });

  it("leave what they print to their user alone, under any umask", async () => {
    const umask = process.umask(0);
    try {
      const spec = cloneSpec("open");
      const vm = await clone(spec);
      await assertPrivate(spec);
      await vm.stop({ graceMs: 0 });
    } finally {
      process.umask(umask);
    }
  });

  it("start one after the other, and stop when they are asked to", async () => {
    const figures: number[] = [];
    for (let round = 0; round < 5; round++) {
      const spec = cloneSpec(`clone-${round}`);
      const startMs = performance.now();
      const vm = await clone(spec);
      assert.equal(await fetchText(vm, PORT, "/boot"), bootId);
      figures.push(performance.now() - startMs);
      await vm.pause();
      assert.equal(await vm.resume(), "right");
      const exit = await vm.stop({ graceMs: 3000 });
      assert.equal(exit.kind, "exited");
    }
    console.log(`        to the first answer: ${figures.map((ms) => Math.round(ms)).join(", ")} ms`);
  });

  it("sleep on the disk, and go on as what they were, again and again", async () => {
    const copy = await copyOfSnapshot("of-sleepers");
    const spec = cloneSpec("sleeper");
    const vm = await clone(spec, copy);
    await fs.rm(copy.folder, { recursive: true });
    const self = async (of: Vm): Promise<string> => (await fetchText(of, PORT, "/cgi-bin/self")).split("\n")[2] ?? "";
    await vm.pause();
    const aborted = new AbortController();
    aborted.abort(new Error("somebody needs it"));
    assert.equal(await vm.save(aborted.signal), false);
    await wake(vm, spec);
    assert.equal(await self(vm), "sleeper");
    const figures: string[] = [];
    for (let round = 0; round < 3; round++) {
      const { pid } = vm;
      await vm.pause();
      const saveMs = await timeOf(() => vm.save(new AbortController().signal));
      assert.ok(vm.isSaved);
      await assert.rejects(fs.stat(`/proc/${pid}/exe`), { code: "ENOENT" });
      await assertPrivate(spec);
      assert.equal((await vm.usage()).rssBytes, 0);
      const wakeMs = await timeOf(() => wake(vm, spec));
      assert.equal(await fetchText(vm, PORT, "/boot"), bootId);
      assert.equal(await self(vm), "sleeper");
      figures.push(`${Math.round(saveMs)}/${Math.round(wakeMs)}`);
    }
    console.log(`        saved/woken in ${figures.join(", ")} ms`);
    await vm.pause();
    await vm.save(new AbortController().signal);
    vm.disconnect();
    const adopted = (await lab.newVmm().adopt(spec)) ?? assert.fail("the sleeper is lost");
    lab.keep(adopted, spec);
    assert.ok(adopted.isSaved);
    await wake(adopted, spec);
    assert.equal(await self(adopted), "sleeper");
    await adopted.stop({ graceMs: 0 });
  });

  it("go on when the daemon is killed at any moment of their first sleep or wake", async () => {
    const outcomes: string[] = [];
    for (const killAfterMs of [50, 400]) {
      const spec = cloneSpec(`killed-${killAfterMs}`);
      let vm = await clone(spec);
      const kill = async (work: "save" | "wake"): Promise<void> => {
        vm = await killDuring(lab, { vm, spec }, work, killAfterMs);
        outcomes.push(`${work} ${killAfterMs} ms: ${vm.isSaved ? "saved" : "in memory"}`);
      };
      await kill("save");
      await vm.pause();
      if (!vm.isSaved) assert.equal(await vm.save(new AbortController().signal), true);
      await kill("wake");
      await wake(vm, spec);
      assert.equal(await fetchText(vm, PORT, "/boot"), bootId);
      const { stdout } = await promisify(execFile)("pgrep", ["-fc", path.join(lab.paths.instancesDir, spec.uuid)]);
      assert.equal(stdout.trim(), "1", "it runs twice");
      await vm.stop({ graceMs: 0 });
    }
    console.log(`        killed: ${outcomes.join(", ")}`);
  });

  it("are adopted by a new daemon, but not if the last one was killed while it started them", async () => {
    const spec = cloneSpec("adopted");
    const vm = await clone(spec);
    vm.disconnect();
    const adopted = (await lab.newVmm().adopt(spec)) ?? assert.fail("the clone is lost");
    lab.keep(adopted, spec);
    assert.equal(await fetchText(adopted, PORT, "/boot"), bootId);
    assert.match((await fetchText(adopted, PORT, "/cgi-bin/self")).split("\n")[2] ?? "", /^adopted$/);
    await fs.writeFile(path.join(lab.paths.instancesDir, spec.uuid, "clone.unfinished"), "");
    adopted.disconnect();
    assert.equal(await lab.newVmm().adopt(spec), undefined);
    await assert.rejects(fs.stat(`/proc/${adopted.pid}/exe`), { code: "ENOENT" });
  });

  it("go on when their original's files are deleted, of which then nothing is left", async () => {
    const copy = await copyOfSnapshot("deleted");
    const vm = await clone(cloneSpec("orphan"), copy);
    await fs.rm(copy.folder, { recursive: true });
    assert.equal(await fetchText(vm, PORT, "/boot"), bootId);
    await assert.rejects(lab.vmm.clone(cloneSpec("late"), copy.folder), MemoryLostError);
    await vm.stop({ graceMs: 0 });
  });

  /** A copy of the memory has another time to the nanosecond. */
  async function copyOfSnapshot(name: string): Promise<SnapshotFiles> {
    const copy = snapshotFilesOf(path.join(lab.folder, name));
    await fs.cp(snapshot.folder, copy.folder, { recursive: true, preserveTimestamps: true });
    const { mtimeNs } = await fs.stat(copy.ram, { bigint: true });
    const description = JSON.parse(await fs.readFile(copy.description, "utf8")) as { ram: { modifiedNs: string } };
    description.ram.modifiedNs = String(mtimeNs);
    await fs.writeFile(copy.description, JSON.stringify(description));
    return copy;
  }

  it("are made of a guest whose root file system is on a disk", async () => {
    const erofs = { initrd: lab.erofs };
    const spec = guest("on-disk", erofs);
    const vm = await lab.start(spec);
    await waitForResponse(vm, PORT);
    const boot = await fetchText(vm, PORT, "/boot");
    const copy = snapshotFilesOf(path.join(lab.folder, "on-disk"));
    await vm.pause();
    await vm.capture(copy.folder);
    assert.equal(await vm.resume(), "right"); // the original goes on
    const branch = await clone(cloneSpec("branch", erofs), copy);
    for (const one of [vm, branch]) assert.equal(await fetchText(one, PORT, "/boot"), boot);
    const [mine, its] = await Promise.all([vm, branch].map((one) => fetchText(one, PORT, "/cgi-bin/self")));
    assert.match(mine ?? "", /^on-disk$/m);
    assert.match(its ?? "", /^branch$/m);
    await Promise.all([vm, branch].map((one) => one.stop({ graceMs: 0 })));
  });

  const OBSTACLES: readonly [name: string, expected: RegExp, change: Partial<VmSpec>, damage: () => Promise<void>][] = [
    ["other variables", /other environment variables/, { env: { A: "b" } }, async () => undefined],
    ["more memory", /another amount of memory/, { memoryMb: 160 }, async () => undefined],
    ["a volume that was written to", /volume was changed/, {}, () => fs.utimes(disk, 1, 1)],
    ["cut off memory", /missing or was changed/, {}, () => fs.truncate(snapshot.ram, MIB)],
    ["damaged devices", /devices of its original are/, {}, () => fs.truncate(snapshot.devices, 1000)],
    ["no description", /is missing or damaged/, {}, () => fs.rm(snapshot.description)],
  ];
  for (const [name, expected, change, damage] of OBSTACLES) {
    it(`are not made with ${name}`, async () => {
      await damage();
      await assert.rejects(lab.vmm.clone(cloneSpec("none", change), snapshot.folder), (error: unknown) => {
        assert.ok(error instanceof MemoryLostError, String(error));
        assert.match(error.message, expected);
        return true;
      });
    });
  }
});
