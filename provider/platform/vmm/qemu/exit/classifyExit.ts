/** Judges how a VM ended from everything that is known about its end. */
import type { VmExit } from "../../vmm";
import type { GuestReport } from "./guestReport";

/** What is known. Anything may be missing: a VM can end while nobody looks. */
export interface ExitEvidence {
  readonly report: GuestReport;
  /** The end of the console log. */
  readonly console: string;
  /** What QEMU printed. */
  readonly qemuLog: string;
  /** Reason of QMP's SHUTDOWN event, such as `guest-reset`. */
  readonly shutdownReason?: string | undefined;
  /** QMP sent GUEST_PANICKED. */
  readonly guestPanicked?: boolean;
  readonly exitStatus?: number | null;
  readonly signal?: string | null;
}

/** Exit statuses that isa-debug-exit makes of what Unikraft writes: 41 at a regular end, 42 at a crash. */
const UNIKRAFT_EXIT = 41 * 2 + 1;
const UNIKRAFT_CRASH = 42 * 2 + 1;

/** How the VM ended. The guest's own words count most, then the kernel's, then QEMU's. */
export function classifyExit(evidence: ExitEvidence): VmExit {
  const { report, shutdownReason, exitStatus, signal } = evidence;
  if (report.exitCode !== undefined) return { how: "exited", exitCode: report.exitCode };
  if (report.error !== undefined) return { how: "panicked", detail: report.error };
  const panic = /Kernel panic[^\r\n]*/.exec(evidence.console)?.[0];
  if (panic !== undefined) return { how: "panicked", detail: panic };
  if (evidence.guestPanicked === true || exitStatus === UNIKRAFT_CRASH) {
    return { how: "panicked", detail: "The guest's kernel reported a crash." };
  }
  if (exitStatus === UNIKRAFT_EXIT || shutdownReason === "guest-shutdown") return { how: "exited", exitCode: 0 };
  if (shutdownReason?.startsWith("guest-") === true) {
    return { how: "panicked", detail: "The guest ended without saying how its program ended." };
  }
  if (shutdownReason !== undefined) return { how: "killed", detail: `QEMU was told to end (${shutdownReason}).` };
  if (typeof signal === "string") return { how: "killed", detail: `QEMU was ended by ${signal}.` };
  const words = evidence.qemuLog.trim().split("\n").at(-1) ?? "";
  return { how: "killed", detail: words === "" ? "QEMU is gone without a trace." : `QEMU is gone: ${words}` };
}
