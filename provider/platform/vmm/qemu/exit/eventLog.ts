/**
 * Reads the log in which QEMU itself records how a VM ended. QMP events reach only a daemon that is connected when they happen; this log
 * tells the next one.
 */

/** Trace events that QEMU logs. A QEMU that was built without them warns and logs nothing. Source: QEMU, softmmu/trace-events. */
export const LOGGED_EVENTS = ["qemu_system_shutdown_request", "runstate_set"] as const;

/** Shutdown reasons by the number in the log. Source: QEMU, qapi/run-state.json, `ShutdownCause`. */
const SHUTDOWN_REASONS: readonly string[] = [
  "none",
  "host-error",
  "host-qmp-quit",
  "host-qmp-system-reset",
  "host-signal",
  "host-ui",
  "guest-shutdown",
  "guest-reset",
  "guest-panic",
  "subsystem-reset",
];

/** The reason of the last shutdown in a log, such as `guest-panic`; `undefined` if the log has none: something killed QEMU. */
export function parseShutdownReason(eventLog: string): string | undefined {
  const requested = [...eventLog.matchAll(/^qemu_system_shutdown_request reason=(\d+)$/gm)].at(-1)?.[1];
  if (requested !== undefined) return SHUTDOWN_REASONS[Number(requested)];
  // With -no-reboot a reset of the guest, such as a triple fault, shuts the VM down without a request.
  return /^runstate_set .* new_state \d+ \(shutdown\)$/m.test(eventLog) ? "guest-reset" : undefined;
}
