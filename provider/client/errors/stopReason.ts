/** Describes why an instance stopped. Pure. Source: the platform's documentation of stop_reason, exit_code and stop_code. */
import { STOP_REASON, type StopDetails } from "../../contract/codes";

/** Text for the low byte of `stop_code`. */
export const STOP_CODE_REASONS = {
  0: "shutdown",
  1: "explicit crash or failed assertion",
  2: "arithmetic error",
  3: "bad instruction",
  4: "page fault",
  5: "segmentation fault",
  6: "hardware error",
  7: "security violation",
} as const;

/** Source: Linux, errno.h. */
const ENOMEM = 12;

/** Text for a `stop_code`, such as `page fault, out of memory`. */
export function describeStopCode(code: number): string {
  const reason = STOP_CODE_REASONS[(code & 0xff) as keyof typeof STOP_CODE_REASONS] ?? `reason ${code & 0xff}`;
  const errno = (code >>> 16) & 0xff;
  if (errno === ENOMEM) return `${reason}, out of memory`;
  return errno === 0 ? reason : `${reason}, errno ${errno}`;
}

/** Text for a stop, to follow a comma or a colon: `the program exited with code 1`. */
export function describeStop(facts: StopDetails): string {
  const reason = facts.stop_reason ?? 0;
  // Reason 0 is an orderly shutdown, which adds nothing.
  const code =
    facts.stop_code === undefined || (facts.stop_code & 0xff00ff) === 0
      ? ""
      : ` (${describeStopCode(facts.stop_code)})`;
  if ((reason & STOP_REASON.ScaleToZero) !== 0) return "it was scaled to zero";
  if ((reason & STOP_REASON.User) !== 0) {
    return (reason & STOP_REASON.Forced) !== 0
      ? "it was stopped by force through the API"
      : "it was stopped through the API";
  }
  if ((reason & STOP_REASON.Application) !== 0) {
    const exitCode = facts.exit_code === undefined ? ", without reporting a code" : ` with code ${facts.exit_code}`;
    return `the program exited${exitCode}${code}`;
  }
  if (facts.stop_notice !== undefined) return facts.stop_notice;
  if ((reason & STOP_REASON.Kernel) !== 0) return `the kernel crashed before the program ended${code}`;
  if ((reason & STOP_REASON.Platform) !== 0) {
    return facts.stop_code === 1 ? "the platform could not pull the image" : `the platform stopped it${code}`;
  }
  return "no reason was given";
}
