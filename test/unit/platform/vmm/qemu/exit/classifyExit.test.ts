import assert from "node:assert/strict";
import {
  EMPTY_REPORT,
  applyReportLine,
  parseReport,
  encodeStopCommand,
} from "../../../../../../provider/platform/vmm/qemu/exit/guestReport";
import { classifyExit, type ExitEvidence } from "../../../../../../provider/platform/vmm/qemu/exit/classifyExit";
import { LINUX_MIN_MEMORY_MB, minimumMemoryMb } from "../../../../../../provider/platform/vmm/qemu/boot/minimumMemory";
import { newestQ35, probeFirmware, parseVersion } from "../../../../../../provider/platform/vmm/qemu/host/probe";
import { parseForwards, parseUsernet } from "../../../../../../provider/platform/vmm/qemu/usernet";

const MIB = 1024 * 1024;
const nothing: ExitEvidence = { report: EMPTY_REPORT, console: "", qemuLog: "" };
const panic = "[    1.0] Kernel panic - not syncing: Attempted to kill init!\r\n[    1.1] CPU: 0\r\n";

describe("the end of a VM", () => {
  for (const [what, evidence, expected] of [
    [
      "is an exit if the guest reported one, whatever else is known",
      { report: parseReport("started\nexit 7\n"), signal: "SIGKILL" },
      "exited 7",
    ],
    [
      "is a panic if the guest could not run its program",
      { report: parseReport("error no disk\n") },
      "panicked no disk",
    ],
    [
      "is a panic if the console shows one",
      { console: panic },
      "panicked Kernel panic - not syncing: Attempted to kill init!",
    ],
    ["is a panic if QEMU reports one", { guestPanicked: true, shutdownReason: "guest-panic" }, "panicked"],
    ["is a panic if Unikraft wrote 42 to the debug port", { exitStatus: 85 }, "panicked"],
    ["is an exit if Unikraft wrote 41 to the debug port", { exitStatus: 83 }, "exited 0"],
    ["is an exit if Unikraft powered off", { shutdownReason: "guest-shutdown", exitStatus: 0 }, "exited 0"],
    [
      "is a panic if the guest reset itself without a report",
      { report: parseReport("started\n"), shutdownReason: "guest-reset" },
      "panicked",
    ],
    ["is a kill if QEMU was asked to quit", { shutdownReason: "host-qmp-quit", exitStatus: 0 }, "killed"],
    ["is a kill if a signal ended QEMU", { signal: "SIGKILL" }, "killed"],
    [
      "is a kill if nothing is known, with QEMU's last output",
      { qemuLog: "qemu: out of memory\n" },
      "killed QEMU is gone: qemu: out of memory",
    ],
  ] as const) {
    it(what, () => {
      const exit = classifyExit({ ...nothing, ...evidence });
      const [how, ...detail] = expected.split(" ");
      assert.equal(exit.how, how);
      if (detail.length > 0)
        assert.equal(exit.how === "exited" ? String(exit.exitCode) : exit.detail, detail.join(" "));
    });
  }
});

describe("the control port", () => {
  it("reports start, error and exit, despite carriage returns, repetitions and noise", () => {
    assert.deepEqual(parseReport("started\r\nstop 5.000\r\nnoise\nexit 0\r\n"), {
      started: true,
      error: undefined,
      exitCode: 0,
    });
    assert.deepEqual(applyReportLine(applyReportLine(EMPTY_REPORT, "started"), "started"), {
      started: true,
      error: undefined,
      exitCode: undefined,
    });
    assert.deepEqual(parseReport("exit\nexit x\nexit 1234\nerror\n"), EMPTY_REPORT);
  });

  it("receives the grace period in seconds", () => assert.equal(encodeStopCommand(1500), "stop 1.500\n"));
});

describe("QEMU's connection list", () => {
  // from QEMU 7.2.22, `info usernet`
  const text = [
    "Hub -1 (n0):\r",
    "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r",
    "  TCP[ESTABLISHED]   19       127.0.0.1 45615       10.0.2.15    80     0     0\r",
    "  TCP[SYN_SENT]      17       127.0.0.1 45615       10.0.2.15    80     0     0\r",
    "  TCP[HOST_FORWARD]  14       127.0.0.1 45615       10.0.2.15    80     0     0\r",
    "  UDP[236 sec]       23       10.0.2.15 50123        10.0.2.3    53     0     0\r",
    "",
  ].join("\n");

  it("is parsed into forwards and states", () => {
    assert.deepEqual(parseForwards(text), [{ state: "HOST_FORWARD", hostPort: 45615, guestPort: 80 }]);
    assert.deepEqual(
      parseUsernet(text).map((line) => line.state),
      ["ESTABLISHED", "SYN_SENT", "HOST_FORWARD"],
    );
    assert.deepEqual(parseUsernet("Hub -1 (n0):\r\n"), []);
  });
});

describe("the minimum guest memory", () => {
  it("covers the measured need: twice the initrd plus the kernel", () => {
    assert.equal(minimumMemoryMb("pvh", 2 * MIB), LINUX_MIN_MEMORY_MB);
    // the smallest that booted, in steps of 12 and 24 MiB
    assert.ok(minimumMemoryMb("pvh", 66.4 * MIB) >= 212);
    assert.ok(minimumMemoryMb("bzimage", 258.4 * MIB) >= 600);
    assert.ok(minimumMemoryMb("multiboot", 0) < 10);
  });
});

describe("the QEMU probe", () => {
  it("parses QEMU's help texts", () => {
    const help =
      "pc-q35-7.1           Standard PC\nq35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-7.2)\n";
    assert.equal(newestQ35(help), "pc-q35-7.2");
    assert.equal(newestQ35("virt  ARM\n"), undefined);
    assert.equal(parseVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\n"), "7.2.22");
  });

  it("boots firmware that jumps from the reset vector to its loop", () => {
    const image = probeFirmware();
    assert.equal(image.length, 65_536);
    // E9 is a near jump: 3 bytes long, relative to what follows it, within 64 KiB
    assert.equal(image[0xfff0], 0xe9);
    assert.equal((0xfff3 + image.readUInt16LE(0xfff1)) & 0xffff, 0);
  });
});
