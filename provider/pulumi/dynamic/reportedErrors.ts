/** Hides the process's own print of errors that the engine shows. */

/** Stands in for the stack of an error whose whole text is reported. {@link printReportedErrorsOnce} recognises it. */
export const REPORTED_STACK = "failed; the reason follows.";

/**
 * Keeps the process from printing errors that it also reports. For a failed check, diff, read or delete it prints the error and its
 * stack, which the engine would show again as output of the whole stack.
 */
export function printReportedErrorsOnce(): void {
  const print = console.error;
  console.error = (...values: unknown[]): void => {
    const [text] = values;
    if (typeof text !== "string" || !text.endsWith(`: ${REPORTED_STACK}`)) print.apply(console, values);
  };
}
