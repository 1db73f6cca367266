/** Delete locks. */
import { ITEM_CODES } from "../api/codes";
import { UnikernelError } from "../base/errors";

/** The error of a refused deletion, with the way out where a lock is why; others pass through. A lock is never released silently. */
export function explainLock(error: unknown): unknown {
  if (!UnikernelError.is(error) || error.details["itemCode"] !== ITEM_CODES.NotAllowed) return error;
  const { code, message, details, cause } = error;
  return new UnikernelError(code, message, {
    details,
    cause,
    property: "deleteLock",
    hint: "If it is locked: set deleteLock to false, run 'pulumi up', and delete it then.",
  });
}
