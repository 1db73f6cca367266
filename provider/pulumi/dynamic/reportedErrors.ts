/** Errors that the engine shows already. */

/** The stack of an error whose whole text is reported; {@link printReportedErrorsOnce} knows it by this. */
export const REPORTED_STACK = "failed; the reason follows.";

/**
 * Keeps the process from printing what it reports. Of a failed check, diff, read or delete it prints the error and its stack as well,
 * which the engine would show a second time, as text of the whole stack.
 */
export function printReportedErrorsOnce(): void {
  const print = console.error;
  console.error = (...values: unknown[]): void => {
    const [text] = values;
    if (typeof text !== "string" || !text.endsWith(`: ${REPORTED_STACK}`)) print.apply(console, values);
  };
}
