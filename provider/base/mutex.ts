/** Mutual exclusion of asynchronous functions. */

/** Runs asynchronous functions one at a time, in call order. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after all earlier calls have finished or failed. */
  runExclusive<T>(work: () => Promise<T> | T): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // reported to that caller through `result`
    return result;
  }
}
