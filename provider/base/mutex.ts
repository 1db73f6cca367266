/** Work that must not overlap. */

/** Runs pieces of work one after the other, in the order in which they came. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all before it has ended, well or not. */
  runExclusive<T>(work: () => Promise<T> | T): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // it concerns who asked for that piece
    return result;
  }
}
