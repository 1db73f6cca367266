/** Delete locks. */
import { withErrorContext } from "../../base/errors";

/** The error of a refused deletion, with the way out where a lock may be why; others pass through. No lock is released silently. */
export const withDeleteLockHint = (error: unknown): unknown =>
  withErrorContext(error, {
    NOT_ALLOWED: {
      property: "deleteLock",
      hint: "If it is locked, set deleteLock to false, run 'pulumi up', then delete it.",
    },
  });
