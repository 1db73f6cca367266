/** Whether a rollout was stopped, and by whom. */
import { UnikernelError, errorMessage } from "../../base/errors";
import { hasTimedOut } from "../../base/timeout";

/** A clause or a sentence about what stopped a rollout, which changes nothing more then; `undefined` for any other error. Pure. */
export function describeStop(error: unknown, signal: AbortSignal | undefined): string | undefined {
  if (signal?.aborted === true && !hasTimedOut(signal)) return "it was cancelled";
  return UnikernelError.has(error, "ROLLOUT_STOPPED", "ROLLOUT_LOCKED") ? errorMessage(error) : undefined;
}
