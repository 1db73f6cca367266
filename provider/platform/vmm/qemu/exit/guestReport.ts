/**
 * What the stand-in guest reports on its control port. The protocol is described in `provider/image/runtime/initScript.ts`.
 */

/** The reports of a guest so far. */
export interface GuestReport {
  /** The guest's program runs, or ran. */
  readonly started: boolean;
  /** The guest runs commands. */
  readonly runsCommands: boolean;
  /** Why the guest could not run its program. */
  readonly error: string | undefined;
  /** Exit code of the guest's program. */
  readonly exitCode: number | undefined;
}

/** More than the longest report. */
const MAX_LINE_CHARS = 4096;

/** No report yet. */
export const EMPTY_REPORT: GuestReport = {
  started: false,
  runsCommands: false,
  error: undefined,
  exitCode: undefined,
};

/** The report after one more line; an unknown line changes nothing. */
export function applyReportLine(report: GuestReport, line: string): GuestReport {
  const text = line.trim();
  if (text === "started") return { ...report, started: true };
  if (text === "exec") return { ...report, runsCommands: true };
  if (text.startsWith("error ")) return { ...report, error: text.slice("error ".length) };
  const exit = /^exit (\d{1,3})$/.exec(text);
  return exit === null ? report : { ...report, exitCode: Number(exit[1]) };
}

/** The report that a complete log contains. */
export const parseReport = (log: string): GuestReport => log.split("\n").reduce(applyReportLine, EMPTY_REPORT);

/**
 * Splits what arrives on the control port into lines. Returns a function that takes the next piece of text and calls
 * `onLine` for each line that it completes. Of an incomplete line only the end is remembered: a guest may write any amount.
 */
export function createReportReader(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-MAX_LINE_CHARS);
    lines.forEach(onLine);
  };
}

/** The command that makes the guest send SIGTERM to its program now and SIGKILL after `graceMs`. */
export const encodeStopCommand = (graceMs: number): string => `stop ${(graceMs / 1000).toFixed(3)}\n`;
