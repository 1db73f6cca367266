/** How long connections waited for an instance to wake from standby. */

/** Upper bounds of the buckets. Source: the cloud's metrics: 1 ms to 4096 ms, and one without a bound. */
const BUCKET_BOUNDS_MS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** Wake-ups since the daemon began to serve. */
export interface WakeupHistogram {
  /** Number of wake-ups that took at most `boundMs`. The last bucket has no bound and counts all. */
  readonly buckets: readonly { readonly boundMs: number | undefined; readonly count: number }[];
  /** Number of all wake-ups. */
  readonly count: number;
  /** Total duration of all wake-ups. */
  readonly sumMs: number;
}

/** Measures the time from a wake-up until the instance is ready. */
export class WakeupMetrics {
  readonly #counts: number[] = BUCKET_BOUNDS_MS.map(() => 0);
  #total = 0;
  #sumMs = 0;
  #startedAtMs: number | undefined;

  /** The instance begins to wake. */
  begin(): void {
    this.#startedAtMs = performance.now();
  }

  /** The instance is ready. True if it has woken; does nothing without a {@link begin} before it. */
  ready(): boolean {
    if (this.#startedAtMs === undefined) return false;
    this.record(performance.now() - this.#startedAtMs);
    this.#startedAtMs = undefined;
    return true;
  }

  /** The instance stopped before it was ready. */
  cancel(): void {
    this.#startedAtMs = undefined;
  }

  /** Adds one wake-up of `tookMs` milliseconds to the histogram. */
  record(tookMs: number): void {
    BUCKET_BOUNDS_MS.forEach((bound, index) => {
      if (tookMs <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
    this.#total++;
    this.#sumMs += tookMs;
  }

  /** All wake-ups so far. */
  get histogram(): WakeupHistogram {
    const bounded = BUCKET_BOUNDS_MS.map((boundMs, index) => ({ boundMs, count: this.#counts[index] ?? 0 }));
    return {
      buckets: [...bounded, { boundMs: undefined, count: this.#total }],
      count: this.#total,
      sumMs: this.#sumMs,
    };
  }
}
