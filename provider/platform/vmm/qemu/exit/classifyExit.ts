/** Decides how a VM ended from all evidence about its end. Pure. */
import type { VmExit } from "../../vmm";
import type { GuestReport } from "./guestReport";

/** Evidence of a VM's end. All of it is optional: a VM can end while no daemon runs. */
export interface ExitEvidence {
  /** What the guest reported on its control port. */
  readonly report: GuestReport;
  /** The end of the console log. */
  readonly console: string;
  /** The end of what QEMU printed. */
  readonly qemuLog: string;
  /** `reason` of QMP's SHUTDOWN event, such as `guest-reset`. Source: QEMU, qapi/run-state.json, `ShutdownCause`. */
  readonly shutdownReason?: string | undefined;
  /** QMP reported GUEST_PANICKED. */
  readonly guestPanicked?: boolean;
  /** Exit status of the QEMU process; null when a signal ended it. */
  readonly exitStatus?: number | null;
  /** Name of the signal that ended the QEMU process. */
  readonly signal?: string | null;
}

/** Exit statuses 2v+1 that isa-debug-exit produces from Unikraft's values: v is 41 on shutdown and 42 on a crash. */
const UNIKRAFT_EXIT = 41 * 2 + 1;
const UNIKRAFT_CRASH = 42 * 2 + 1;

/** How the VM ended. The guest's report takes precedence, then the kernel's console, then QEMU. */
export function classifyExit(evidence: ExitEvidence): VmExit {
  const { report, shutdownReason, exitStatus, signal } = evidence;
  if (report.exitCode !== undefined) return { kind: "exited", exitCode: report.exitCode };
  if (report.error !== undefined) return { kind: "panicked", detail: report.error };
  const panic = /Kernel panic[^\r\n]*/.exec(evidence.console)?.[0];
  if (panic !== undefined) return { kind: "panicked", detail: panic };
  if (evidence.guestPanicked === true || exitStatus === UNIKRAFT_CRASH) {
    return { kind: "panicked", detail: "The guest's kernel reported a crash." };
  }
  if (exitStatus === UNIKRAFT_EXIT || shutdownReason === "guest-shutdown")
    return { kind: "exited", exitCode: undefined };
  if (shutdownReason?.startsWith("guest-") === true) {
    return { kind: "panicked", detail: "The guest shut down without reporting how its program ended." };
  }
  if (shutdownReason !== undefined) return { kind: "killed", detail: `QEMU was told to quit (${shutdownReason}).` };
  if (typeof signal === "string") return { kind: "killed", detail: `QEMU was killed by ${signal}.` };
  const lastLine = evidence.qemuLog.trim().split("\n").at(-1) ?? "";
  return { kind: "killed", detail: lastLine === "" ? "QEMU ended without a message." : `QEMU ended: ${lastLine}` };
}
