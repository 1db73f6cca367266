/** How long connections waited for an instance that slept. */

/** Upper bounds of the buckets. Source: the cloud's metrics, 1 ms to 4096 ms and everything above. */
const BOUNDS_MS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** Wake-ups since the daemon began to serve. */
export interface WakeupHistogram {
  /** How many took at most `boundMs`; the last one, without a bound, counts them all. */
  readonly buckets: readonly { readonly boundMs: number | undefined; readonly count: number }[];
  readonly sumMs: number;
}

/** Measures from the wake to the answer on every port. */
export class Wakeups {
  readonly #tookMs: number[] = BOUNDS_MS.map(() => 0);
  #total = 0;
  #sumMs = 0;
  #begunAt: number | undefined;

  begin(): void {
    this.#begunAt = performance.now();
  }

  /** It answers. Without a {@link begin} before it was not asleep. */
  answered(): void {
    if (this.#begunAt === undefined) return;
    this.note(performance.now() - this.#begunAt);
    this.#begunAt = undefined;
  }

  /** It ended before it could answer. */
  ended(): void {
    this.#begunAt = undefined;
  }

  /** One wake-up took this long. */
  note(tookMs: number): void {
    BOUNDS_MS.forEach((bound, index) => {
      if (tookMs <= bound) this.#tookMs[index] = (this.#tookMs[index] ?? 0) + 1;
    });
    this.#total++;
    this.#sumMs += tookMs;
  }

  get histogram(): WakeupHistogram {
    const bounded = BOUNDS_MS.map((boundMs, index) => ({ boundMs, count: this.#tookMs[index] ?? 0 }));
    return { buckets: [...bounded, { boundMs: undefined, count: this.#total }], sumMs: this.#sumMs };
  }
}
