/** A clock that a test can advance. */
import type { Clock } from "../../provider/base/clock";

/** The machine's time plus what it was advanced by. Sleeps end by `advance` only. */
export class TestClock implements Clock {
  #aheadMs = 0;
  readonly #sleepers = new Set<() => void>();

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const wakeAt = this.now() + ms;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.now() < wakeAt) return;
        this.#sleepers.delete(look);
        resolve();
      };
      const abort = (): void => {
        this.#sleepers.delete(look);
        reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      this.#sleepers.add(look);
      signal?.addEventListener("abort", abort, { once: true });
      if (signal?.aborted === true) abort();
    });
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
    for (const look of [...this.#sleepers]) look();
  }
}
