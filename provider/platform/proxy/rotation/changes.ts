/** Lets any number of tasks wait for the next change of something. */

/** The changes of one thing. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** Ends every wait. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves at the next change, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }
}
