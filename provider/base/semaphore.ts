/** A counting semaphore: at most so many holders at the same time, in the order in which they asked. */

/** Gives the permit back. Calling it again does nothing. */
export type Release = () => void;

/** Bounds how many may do something at the same time. */
export class Semaphore {
  #free: number;
  readonly #queue = new Set<() => void>();

  /** @param permits how many may hold a permit at the same time, at least 1 */
  constructor(permits: number) {
    this.#free = permits;
  }

  /** Resolves with the function that gives the permit back. Rejects with the signal's reason when it aborts first. */
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

  /** Gives a permit to the first in the queue. */
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
