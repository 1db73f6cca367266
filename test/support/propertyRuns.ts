/** How many arbitrary programs a property test tries, and which. */

/**
 * `UNIKERNEL_TEST_RUNS` programs, 10,000 unless it is set, of the seed `UNIKERNEL_TEST_SEED`, 1 unless it is set: the suite always tries
 * the same programs, so that it fails for a change and not by chance. `random` tries others each time; a failure prints its seed.
 */
export const RUNS: { readonly numRuns: number; readonly seed?: number } = {
  numRuns: Number(process.env["UNIKERNEL_TEST_RUNS"] ?? 10_000),
  ...(process.env["UNIKERNEL_TEST_SEED"] === "random" ? {} : { seed: Number(process.env["UNIKERNEL_TEST_SEED"] ?? 1) }),
};
