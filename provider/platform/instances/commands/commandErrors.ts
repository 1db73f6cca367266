/** Errors of commands in the codes of this package. */
import { UnikernelError } from "../../../base/errors";
import { ApiItemError } from "../../errors";
import type { Log } from "../../log";

/** The failure as an error with a code; one that nobody expected is logged and reported as an internal one. */
export function toCommandError(failure: unknown, log: Log): UnikernelError {
  if (UnikernelError.is(failure)) return failure;
  if (failure instanceof ApiItemError) return new UnikernelError("STATE_CONFLICT", `${failure.message}.`);
  log.write("bug", { reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) });
  return new UnikernelError("BUG", "The command failed because of an internal error.", { hint: "Read daemon.log." });
}
