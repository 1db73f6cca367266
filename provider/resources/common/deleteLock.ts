/** Delete locks. */
import { withErrorContext } from "../../base/errors";

/**
 * The error of a deletion; `NOT_ALLOWED` gets a hint on how to unlock, other errors are returned unchanged. The provider never
 * removes a lock by itself.
 */
export const withDeleteLockHint = (error: unknown): unknown =>
  withErrorContext(error, {
    NOT_ALLOWED: {
      property: "deleteLock",
      hint: "If it is locked, set deleteLock to false, run 'pulumi up', then delete it.",
    },
  });
