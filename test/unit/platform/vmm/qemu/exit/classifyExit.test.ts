import assert from "node:assert/strict";
import { classifyExit, type ExitEvidence } from "../../../../../../provider/platform/vmm/qemu/exit/classifyExit";
import { EMPTY_REPORT, parseReport } from "../../../../../../provider/platform/vmm/qemu/exit/guestReport";

const nothing: ExitEvidence = { report: EMPTY_REPORT, console: "", qemuLog: "" };
const panic = "[    1.0] Kernel panic - not syncing: Attempted to kill init!\r\n[    1.1] CPU: 0\r\n";

describe("the exit of a VM", () => {
  for (const [what, evidence, expected] of [
    [
      "is an exit when the guest reported an exit code, whatever else is known",
      { report: parseReport("started\nexit 7\n"), signal: "SIGKILL" },
      "exited 7",
    ],
    [
      "is a panic if the guest could not run its program",
      { report: parseReport("error no disk\n") },
      "panicked no disk",
    ],
    [
      "is a panic when the console log contains one",
      { console: panic },
      "panicked Kernel panic - not syncing: Attempted to kill init!",
    ],
    ["is a panic when QEMU reported one", { guestPanicked: true, shutdownReason: "guest-panic" }, "panicked"],
    ["is a panic when only QEMU's log has the reason", { shutdownReason: "guest-panic" }, "panicked"],
    [
      "is a panic with Unikraft's own line",
      { shutdownReason: "guest-panic", console: "CRIT: [x] Assertion failure: a == b\r\nbye\r\n" },
      "panicked CRIT: [x] Assertion failure: a == b",
    ],
    [
      "is no panic when a program that ended in order printed such a line",
      { shutdownReason: "guest-shutdown", console: "Assertion failure\n" },
      "exited undefined",
    ],
    [
      "is a panic when the kernel could not execute its program and was ended for it",
      { shutdownReason: "host-qmp-quit", console: "Failed to execute /a: Exec format error\n" },
      "panicked Failed to execute /a: Exec format error",
    ],
    [
      "is a kill when the stand-in guest's program printed such a line",
      { report: parseReport("started\n"), shutdownReason: "host-qmp-quit", console: "Failed to execute /a: b\n" },
      "killed",
    ],
    ["is an exit without a code when Unikraft powered off", { shutdownReason: "guest-shutdown" }, "exited undefined"],
    [
      "is a panic when the guest reset without a report",
      { report: parseReport("started\n"), shutdownReason: "guest-reset" },
      "panicked",
    ],
    ["is a kill when QEMU was told to quit", { shutdownReason: "host-qmp-quit" }, "killed"],
    ["is a kill when a signal ended QEMU", { signal: "SIGKILL" }, "killed"],
    [
      "is a kill with QEMU's last line when nothing else is known",
      { qemuLog: "qemu: out of memory\n" },
      "killed QEMU ended: qemu: out of memory",
    ],
  ] as const) {
    it(what, () => {
      const exit = classifyExit({ ...nothing, ...evidence });
      const [kind, ...detail] = expected.split(" ");
      assert.equal(exit.kind, kind);
      if (detail.length > 0)
        assert.equal(exit.kind === "exited" ? String(exit.exitCode) : exit.detail, detail.join(" "));
    });
  }
});
