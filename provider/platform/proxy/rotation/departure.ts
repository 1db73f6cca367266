/** Remembers that an instance has left a service, because its successor may not exist yet. */

/** How long after an instance has left its successor may be created or started. Milliseconds. */
const SUCCESSOR_MS = 10_000;

/** The last departure of an instance that drained, or stopped on request. */
export class Departure {
  #atMs = -Infinity;
  #holdTimeoutMs: number | undefined;

  /** Records a departure, and how long connections were to wait for the instance. */
  record(holdTimeoutMs: number | undefined): void {
    this.#atMs = performance.now();
    this.#holdTimeoutMs = holdTimeoutMs;
  }

  /** How long a successor is still expected; 0 once it is not. Milliseconds. */
  get remainingMs(): number {
    return Math.max(0, this.#atMs + SUCCESSOR_MS - performance.now());
  }

  /** How long connections wait for the successor, as for the instance that left; `undefined`: it did not say. Milliseconds. */
  get holdTimeoutMs(): number | undefined {
    return this.remainingMs > 0 ? this.#holdTimeoutMs : undefined;
  }
}
