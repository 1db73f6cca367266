/**
 * The two forms of the end-to-end lane. `npm test` runs the short one, which has a test of each kind. `npm test -- e2e --complete` runs
 * every test: the same again with other strategies, other moments of a kill and other causes of a failure.
 */

/** True for the complete form. */
const IS_COMPLETE = process.env["UNIKERNEL_TEST_COMPLETE"] === "1";

/** A test of the complete form. In the short form it does not exist, so that it does not count as skipped either. */
export function itInComplete(title: string, test: Mocha.Func | Mocha.AsyncFunc): void {
  if (IS_COMPLETE) it(title, test as Mocha.AsyncFunc);
}

/** All of the values in the complete form, the first in the short one. */
export const firstOrAll = <T>(values: readonly T[]): readonly T[] => (IS_COMPLETE ? values : values.slice(0, 1));
