/** How long connections waited for an instance that slept. */

/** Upper bounds of the buckets. Source: the cloud's metrics, 1 ms to 4096 ms and everything above. */
const BUCKET_BOUNDS_MS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** Wake-ups since the daemon began to serve. */
export interface WakeupHistogram {
  /** How many took at most `boundMs`; the last one, without a bound, counts them all. */
  readonly buckets: readonly { readonly boundMs: number | undefined; readonly count: number }[];
  readonly sumMs: number;
}

/** Measures from the wake to the answer on every port. */
export class WakeupMetrics {
  readonly #counts: number[] = BUCKET_BOUNDS_MS.map(() => 0);
  #total = 0;
  #sumMs = 0;
  #startedAtMs: number | undefined;

  begin(): void {
    this.#startedAtMs = performance.now();
  }

  /** It answers. Without a {@link begin} before it was not asleep. */
  ready(): void {
    if (this.#startedAtMs === undefined) return;
    this.record(performance.now() - this.#startedAtMs);
    this.#startedAtMs = undefined;
  }

  /** It ended before it could answer. */
  cancel(): void {
    this.#startedAtMs = undefined;
  }

  /** One wake-up took this long. */
  record(tookMs: number): void {
    BUCKET_BOUNDS_MS.forEach((bound, index) => {
      if (tookMs <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
    this.#total++;
    this.#sumMs += tookMs;
  }

  get histogram(): WakeupHistogram {
    const bounded = BUCKET_BOUNDS_MS.map((boundMs, index) => ({ boundMs, count: this.#counts[index] ?? 0 }));
    return { buckets: [...bounded, { boundMs: undefined, count: this.#total }], sumMs: this.#sumMs };
  }
}
