/** Whose turn it is: at most so many at a time, in the order in which they asked. */

/** Waits for a turn and ends with the function that gives it back. Rejects with the signal's reason when it aborts first. */
export type Acquire = (signal?: AbortSignal) => Promise<() => void>;

/** @param maxConcurrency how many may have a turn at the same time, at least 1 */
export function createSemaphore(maxConcurrency: number): Acquire {
  let free = maxConcurrency;
  const queue = new Set<() => void>();

  const release = (): void => {
    const [next] = queue;
    if (next === undefined) {
      free++;
    } else {
      queue.delete(next);
      next();
    }
  };
  /** A turn can be given back once. */
  const createRelease = (): (() => void) => {
    let isHeld = true;
    return () => {
      if (isHeld) release();
      isHeld = false;
    };
  };

  return (signal) => {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (free > 0) {
      free--;
      return Promise.resolve(createRelease());
    }
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener("abort", cancel);
        resolve(createRelease());
      };
      const cancel = (): void => {
        queue.delete(grant);
        reject(signal?.reason as Error);
      };
      queue.add(grant);
      signal?.addEventListener("abort", cancel, { once: true });
    });
  };
}
