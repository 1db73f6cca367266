/** Counts what became of the connections of an instance that drained. */

/** Limits of a drain for one connection. */
export interface DrainLimits {
  /**
   * Milliseconds without a byte after which a half-closed connection stops counting, unless an HTTP response is missing.
   * `undefined`: no limit other than the drain timeout.
   */
  readonly halfClosedTimeoutMs?: number | undefined;
}

/**
 * How a connection left an instance.
 * - `finished`: closed by a side, or idle after a complete exchange
 * - `moved`: the client continues with another instance
 * - `half-closed`: one side had closed, and the other did not within the limit
 */
export type LeaseEnd = "finished" | "moved" | "half-closed";

/** Connections that were open when the drain began, by what became of them. */
export interface DrainCounts {
  /** Still open; 0 once the drain is over. */
  readonly open: number;
  readonly finished: number;
  readonly moved: number;
  readonly halfClosed: number;
  /** Still open at the drain timeout. */
  readonly cut: number;
  /** Time since the drain began; once it is over, how long it took. Milliseconds. */
  readonly elapsedMs: number;
}

/** The drain of one instance. */
export class DrainRecord {
  readonly #beganMs = performance.now();
  readonly #ends: Record<LeaseEnd, number> = { finished: 0, moved: 0, "half-closed": 0 };
  #cut = 0;
  #tookMs: number | undefined;

  /** Counts a connection that ended before the drain was over. */
  count(end: LeaseEnd): void {
    if (this.#tookMs === undefined) this.#ends[end]++;
  }

  /** Ends the drain with this many open connections. Idempotent. */
  finish(open: number): void {
    if (this.#tookMs !== undefined) return;
    this.#cut = open;
    this.#tookMs = performance.now() - this.#beganMs;
  }

  /** The counts, with `open` connections at the moment. */
  counts(open: number): DrainCounts {
    return {
      open: this.#tookMs === undefined ? open : 0,
      finished: this.#ends.finished,
      moved: this.#ends.moved,
      halfClosed: this.#ends["half-closed"],
      cut: this.#cut,
      elapsedMs: Math.round(this.#tookMs ?? performance.now() - this.#beganMs),
    };
  }
}
