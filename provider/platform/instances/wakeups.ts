/** How long connections waited for an instance to wake from standby. */
import { DurationHistogram, type HistogramCounts } from "../observability/histogram";

/** Upper bounds of the buckets. Source: the cloud's metrics: 1 ms to 4096 ms, and one without a bound. */
const BUCKET_BOUNDS_MS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** Measures the time from a wake-up until the instance is ready. */
export class WakeupMetrics {
  readonly #histogram = new DurationHistogram(BUCKET_BOUNDS_MS);
  #startedAtMs: number | undefined;

  /** The instance begins to wake. */
  begin(): void {
    this.#startedAtMs = performance.now();
  }

  /** The instance is ready. True if it has woken; does nothing without a {@link begin} before it. */
  ready(): boolean {
    if (this.#startedAtMs === undefined) return false;
    this.#histogram.record(performance.now() - this.#startedAtMs);
    this.#startedAtMs = undefined;
    return true;
  }

  /** The instance stopped before it was ready. */
  cancel(): void {
    this.#startedAtMs = undefined;
  }

  /** All wake-ups since the daemon began to serve. */
  get histogram(): HistogramCounts {
    return this.#histogram.counts;
  }
}
