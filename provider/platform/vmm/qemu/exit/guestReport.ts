/** What the stand-in guest says on its control port; the protocol is described in `provider/image/runtime/init.ts`. */

/** What has been said so far. */
export interface GuestReport {
  readonly started: boolean;
  /** Why the guest could not run its program. */
  readonly error: string | undefined;
  readonly exitCode: number | undefined;
}

/** Nothing said yet. */
export const EMPTY_REPORT: GuestReport = { started: false, error: undefined, exitCode: undefined };

/** A report with one more line heard; lines it does not know change nothing. */
export function applyReportLine(report: GuestReport, line: string): GuestReport {
  const text = line.trim();
  if (text === "started") return { ...report, started: true };
  if (text.startsWith("error ")) return { ...report, error: text.slice("error ".length) };
  const exit = /^exit (\d{1,3})$/.exec(text);
  return exit === null ? report : { ...report, exitCode: Number(exit[1]) };
}

/** The report in a whole log. */
export const parseReport = (log: string): GuestReport => log.split("\n").reduce(applyReportLine, EMPTY_REPORT);

/** Asks for SIGTERM now and SIGKILL after the grace. */
export const encodeStopCommand = (graceMs: number): string => `stop ${(graceMs / 1000).toFixed(3)}\n`;
