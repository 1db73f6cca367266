import assert from "node:assert/strict";
import { parseShutdownReason } from "../../../../../../provider/platform/vmm/qemu/exit/eventLog";

// Recorded from QEMU 7.2.22.
const started = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n";
const shutDown = "runstate_set current_run_state 9 (running) new_state 11 (shutdown)\n";

describe("QEMU's log of how a VM ended", () => {
  for (const [what, log, reason] of [
    ["a panic", `${started}qemu_system_shutdown_request reason=8\n${shutDown}`, "guest-panic"],
    ["a power-off", `${started}qemu_system_shutdown_request reason=6\n${shutDown}`, "guest-shutdown"],
    ["a reset, which is no request", started + shutDown, "guest-reset"],
    ["SIGTERM", `${started}qemu_system_shutdown_request reason=4\n${shutDown}`, "host-signal"],
    [
      "the last of several",
      `${started}qemu_system_shutdown_request reason=6\nqemu_system_shutdown_request reason=2\n`,
      "host-qmp-quit",
    ],
    ["a kill", started, undefined],
    ["a QEMU that logs nothing", "", undefined],
    ["a number of a newer QEMU", "qemu_system_shutdown_request reason=99\n", undefined],
  ] as const) {
    it(`tells ${what}`, () => assert.equal(parseShutdownReason(log), reason));
  }
});
