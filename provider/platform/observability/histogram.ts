/** A histogram of durations, as Prometheus counts them. */

/**
 * Upper bounds in seconds: from a wake of a paused guest (milliseconds) to a boot under emulation on a busy machine. The last
 * bucket has no bound.
 */
const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** A histogram at one moment. */
export interface HistogramCounts {
  /** Number of durations of at most `bound` seconds; the last one has the bound `Infinity` and counts all. */
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
  /** Total in seconds. */
  readonly sum: number;
}

/** Counts durations since the daemon started. */
export class DurationHistogram {
  readonly #counts: number[] = BOUNDS_SECONDS.map(() => 0);
  #total = 0;
  #sum = 0;

  /** Adds a duration in milliseconds. */
  record(ms: number): void {
    const seconds = ms / 1000;
    BOUNDS_SECONDS.forEach((bound, index) => {
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
    this.#total++;
    this.#sum += seconds;
  }

  /** All durations so far. */
  get counts(): HistogramCounts {
    const bounded = BOUNDS_SECONDS.map((bound, index) => ({ bound, count: this.#counts[index] ?? 0 }));
    return { buckets: [...bounded, { bound: Infinity, count: this.#total }], sum: this.#sum };
  }
}
