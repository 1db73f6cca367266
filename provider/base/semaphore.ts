/** A counting semaphore with a first-in, first-out queue. */

/** Releases a permit. Further calls have no effect. */
export type Release = () => void;

/** Limits the number of concurrent operations. */
export class Semaphore {
  #free: number;
  readonly #queue = new Set<() => void>();

  /** @param permits number of permits, at least 1 */
  constructor(permits: number) {
    this.#free = permits;
  }

  /** Waits for a permit and resolves with the function that releases it. Rejects with the signal's reason if it aborts first. */
  acquire(signal?: AbortSignal): Promise<Release> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#createRelease());
    }
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener("abort", cancel);
        resolve(this.#createRelease());
      };
      const cancel = (): void => {
        this.#queue.delete(grant);
        reject(signal?.reason as Error);
      };
      this.#queue.add(grant);
      signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  #createRelease(): Release {
    let isHeld = true;
    return () => {
      if (isHeld) this.#passOn();
      isHeld = false;
    };
  }

  /** Passes the permit to the first waiter in the queue. */
  #passOn(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#free++;
    } else {
      this.#queue.delete(next);
      next();
    }
  }
}
