/** A histogram of durations, with cumulative buckets as Prometheus counts them. */

/**
 * Upper bounds in milliseconds: from a wake of a paused guest to a boot under emulation on a busy machine. The last bucket has no
 * bound.
 */
const DEFAULT_BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const;

/** A histogram at one moment. */
export interface HistogramCounts {
  /** Number of durations of at most `boundMs`. The last bucket has no bound and counts all. */
  readonly buckets: readonly { readonly boundMs: number | undefined; readonly count: number }[];
  /** Number of all durations. */
  readonly count: number;
  /** Total of all durations. */
  readonly sumMs: number;
}

/** Counts durations since the daemon started. */
export class DurationHistogram {
  readonly #boundsMs: readonly number[];
  readonly #counts: number[];
  #total = 0;
  #sumMs = 0;

  /** @param boundsMs upper bounds of the buckets, ascending. Default: 5 ms to 30 s */
  constructor(boundsMs: readonly number[] = DEFAULT_BOUNDS_MS) {
    this.#boundsMs = boundsMs;
    this.#counts = boundsMs.map(() => 0);
  }

  /** Adds a duration in milliseconds. */
  record(ms: number): void {
    this.#boundsMs.forEach((bound, index) => {
      if (ms <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
    this.#total++;
    this.#sumMs += ms;
  }

  /** All durations so far. */
  get counts(): HistogramCounts {
    const bounded = this.#boundsMs.map((boundMs, index) => ({ boundMs, count: this.#counts[index] ?? 0 }));
    return {
      buckets: [...bounded, { boundMs: undefined, count: this.#total }],
      count: this.#total,
      sumMs: this.#sumMs,
    };
  }
}
