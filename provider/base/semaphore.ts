/** Whose turn it is: at most so many at a time, in the order in which they asked. */

/** Waits for a turn and ends with the function that gives it back. Rejects with the signal's reason when it aborts first. */
export type TakeTurn = (signal?: AbortSignal) => Promise<() => void>;

/** @param atOnce how many may have a turn at the same time, at least 1 */
export function createTurns(atOnce: number): TakeTurn {
  let free = atOnce;
  const queue = new Set<() => void>();

  const giveBack = (): void => {
    const [next] = queue;
    if (next === undefined) {
      free++;
    } else {
      queue.delete(next);
      next();
    }
  };
  /** A turn can be given back once. */
  const turn = (): (() => void) => {
    let isTaken = true;
    return () => {
      if (isTaken) giveBack();
      isTaken = false;
    };
  };

  return (signal) => {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (free > 0) {
      free--;
      return Promise.resolve(turn());
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve(turn());
      };
      const leave = (): void => {
        queue.delete(begin);
        reject(signal?.reason as Error);
      };
      queue.add(begin);
      signal?.addEventListener("abort", leave, { once: true });
    });
  };
}
