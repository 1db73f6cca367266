/** Whether QEMU runs. */

/** Asks QEMU whether it runs, once for all that want to know at the same time. */
export class Liveness {
  readonly #ask: () => Promise<unknown>;
  #current: Promise<boolean> = Promise.resolve(true);
  #next: Promise<boolean> | undefined;

  /** @param ask a question that only a running QEMU answers; throws when it does not */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** True if QEMU runs after the call, false if it is gone or hangs. An answer to a question from before the call does not count. */
  check(): Promise<boolean> {
    this.#next ??= this.#current.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<boolean> {
    this.#next = undefined;
    this.#current = this.#ask().then(
      () => true,
      () => false,
    );
    return this.#current;
  }
}
