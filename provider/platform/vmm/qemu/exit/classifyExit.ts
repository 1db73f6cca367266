/** Decides how a VM ended from all evidence about its end. Pure. */
import type { VmExit } from "../../vmm";
import type { GuestReport } from "./guestReport";
import { findCrash, findFailedExecution } from "./unikraftConsole";

/** Evidence of a VM's end. All of it is optional: a VM can end while no daemon runs. */
export interface ExitEvidence {
  /** What the guest reported on its control port. */
  readonly report: GuestReport;
  /** The end of the console log. */
  readonly console: string;
  /** The end of what QEMU printed. */
  readonly qemuLog: string;
  /**
   * `reason` of QMP's SHUTDOWN event or of QEMU's own log, such as `guest-reset`. Source: QEMU, qapi/run-state.json,
   * `ShutdownCause`.
   */
  readonly shutdownReason?: string | undefined;
  /** QMP reported GUEST_PANICKED. */
  readonly guestPanicked?: boolean;
  /** Name of the signal that ended the QEMU process. */
  readonly signal?: string | null;
}

/** How the VM ended. The guest's report takes precedence, then the kernel's console, then QEMU. */
export function classifyExit(evidence: ExitEvidence): VmExit {
  const { report, shutdownReason, signal } = evidence;
  if (report.exitCode !== undefined) return { kind: "exited", exitCode: report.exitCode };
  if (report.error !== undefined) return { kind: "panicked", detail: report.error };
  const panic = /Kernel panic[^\r\n]*/.exec(evidence.console)?.[0];
  if (panic !== undefined) return { kind: "panicked", detail: panic };
  // The stand-in guest reports that its program runs; after that, such a line is the program's own.
  const notExecuted = report.started ? undefined : findFailedExecution(evidence.console);
  if (notExecuted !== undefined) return { kind: "panicked", ...notExecuted };
  if (evidence.guestPanicked === true || shutdownReason === "guest-panic") {
    return { kind: "panicked", detail: "The guest's kernel reported a crash.", ...findCrash(evidence.console) };
  }
  if (shutdownReason === "guest-shutdown") return { kind: "exited", exitCode: undefined };
  if (shutdownReason?.startsWith("guest-") === true) {
    const detail = "The guest shut down without reporting how its program ended.";
    return { kind: "panicked", detail, ...findCrash(evidence.console) };
  }
  if (shutdownReason !== undefined) return { kind: "killed", detail: `QEMU was told to quit (${shutdownReason}).` };
  if (typeof signal === "string") return { kind: "killed", detail: `QEMU was killed by ${signal}.` };
  const lastLine = evidence.qemuLog.trim().split("\n").at(-1) ?? "";
  return { kind: "killed", detail: lastLine === "" ? "QEMU ended without a message." : `QEMU ended: ${lastLine}` };
}
