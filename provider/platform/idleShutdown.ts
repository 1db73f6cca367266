/** Notices that nobody needs the daemon any more. */

/** Counts requests and fires once when nothing exists and nothing was asked for a while. */
export class IdleShutdown {
  readonly #idleMs: number;
  readonly #isEmpty: () => boolean;
  readonly #onIdle: () => void;
  #requests = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(idleMs: number, isEmpty: () => boolean, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#isEmpty = isEmpty;
    this.#onIdle = onIdle;
    this.#arm();
  }

  /** A request began (+1) or ended (-1). */
  trackRequest(change: 1 | -1): void {
    this.#requests += change;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Only requests create or delete, so it is enough to look this long after each. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#requests > 0) return;
    this.#timer = setTimeout(() => {
      if (this.#isEmpty()) this.#onIdle();
      else this.#arm(); // what a request left under way may end without another one
    }, this.#idleMs);
  }
}
