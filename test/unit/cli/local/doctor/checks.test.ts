import assert from "node:assert/strict";
import { assessMachine, type Facts } from "../../../../../provider/cli/local/doctor/checks";

const GIB = 1024 ** 3;
const good: Facts = {
  nodeVersion: "22.13.0",
  qemu: { version: "8.0.0", accelerator: "kvm", sandbox: true },
  qemuError: undefined,
  hasKvmDevice: true,
  missingDiskTools: [],
  portErrors: {},
  freeDiskBytes: 10 * GIB,
  freeMemoryBytes: 4 * GIB,
  openFilesLimit: 20_000,
  umask: 0o022,
  stateDir: "/state",
  stateMode: 0o700,
  stateError: undefined,
  runDir: "/tmp/unikernel-1000-0a1b2c3d",
  isLingering: false,
};
/** The checks that are not ok. */
const problems = (facts: Partial<Facts>) =>
  assessMachine({ ...good, ...facts }).filter(({ status }) => status !== "ok");

describe("the checks of this machine", () => {
  it("are all ok where nothing is missing", () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems({ openFilesLimit: undefined, stateMode: undefined, nodeVersion: "24.0.1" }), []);
    // With an accelerator the processor is the host's, and an old QEMU is enough for every kernel.
    assert.deepEqual(problems({ qemu: { version: "7.2.22", accelerator: "kvm", sandbox: true } }), []);
  });

  const cases: readonly (readonly [string, Partial<Facts>, string, "warn" | "fail"])[] = [
    ["an old Node", { nodeVersion: "22.12.0" }, "node", "fail"],
    ["no QEMU", { qemu: undefined, qemuError: "not on PATH" }, "qemu", "fail"],
    ["an old QEMU", { qemu: { version: "6.2.0", accelerator: "kvm", sandbox: true } }, "qemu", "fail"],
    ["emulation", { qemu: { version: "8.0.0", accelerator: "tcg", sandbox: true } }, "accelerator", "warn"],
    ["QEMU without seccomp", { qemu: { version: "8.0.0", accelerator: "kvm", sandbox: false } }, "sandbox", "warn"],
    ["no e2fsprogs", { missingDiskTools: ["mkfs.ext4"] }, "volumes", "warn"],
    ["a privileged port", { portErrors: { 80: "EACCES" } }, "port 80", "warn"],
    ["a taken port", { portErrors: { 443: "EADDRINUSE" } }, "port 443", "warn"],
    ["little disk", { freeDiskBytes: GIB }, "disk", "warn"],
    ["a full disk", { freeDiskBytes: 1 }, "disk", "fail"],
    ["little memory", { freeMemoryBytes: GIB / 2 }, "memory", "warn"],
    ["few descriptors", { openFilesLimit: 1024 }, "open files", "warn"],
    ["a folder of another user", { stateError: "EACCES" }, "state folder", "fail"],
    ["an open folder", { stateMode: 0o777 }, "state folder", "warn"],
    ["a run folder that goes at logout", { runDir: "/run/user/1000/unikernel-1000-0a1b2c3d" }, "logout", "warn"],
    ["a umask against its own user", { umask: 0o777 }, "umask", "fail"],
  ];
  for (const [what, facts, name, status] of cases)
    it(`find ${what}, and say how to mend it`, () => {
      const [found, ...others] = problems(facts);
      assert.deepEqual([found?.name, found?.status, others], [name, status, []]);
      assert.match(found?.fix ?? "", /^[A-Z].*\.$/);
    });

  it("say that VMs survive a logout where the user lingers, and nothing where a logout removes no folder", () => {
    const named = (facts: Partial<Facts>) =>
      assessMachine({ ...good, ...facts }).filter(({ name }) => name === "logout").map(({ status, fix }) => [status, fix]); // prettier-ignore
    const runDir = "/run/user/1000/unikernel-1000-0a1b2c3d";
    assert.deepEqual(named({ runDir }), [["warn", "Run 'loginctl enable-linger'."]]);
    assert.deepEqual(named({ runDir, isLingering: true }), [["ok", undefined]]);
    assert.deepEqual(named({}), []);
  });

  it("tell a slow /dev/kvm from a missing one, and what QEMU 7.2 cannot boot under emulation", () => {
    const qemu = { version: "7.2.22", accelerator: "tcg", sandbox: true };
    const [slow, unikraft] = problems({ qemu });
    assert.match(slow?.fix ?? "", /^There is a \/dev\/kvm, but guest code did not run on it in time/);
    assert.deepEqual([unikraft?.name, unikraft?.status], ["unikraft 0.17", "warn"]);
    assert.match(problems({ qemu, hasKvmDevice: false })[0]?.fix ?? "", /^There is no \/dev\/kvm/);
  });
});
