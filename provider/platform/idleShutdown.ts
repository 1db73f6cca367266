/** Calls back when the platform is empty and no request has been in progress for a while. */
export class IdleShutdown {
  readonly #idleMs: number;
  readonly #isEmpty: () => boolean;
  readonly #onIdle: () => void;
  #requests = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /**
   * @param idleMs milliseconds without a request
   * @param isEmpty true when the platform has no objects
   * @param onIdle called when the platform is empty `idleMs` after the last request
   */
  constructor(idleMs: number, isEmpty: () => boolean, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#isEmpty = isEmpty;
    this.#onIdle = onIdle;
    this.#arm();
  }

  /** Records that a request started (+1) or ended (-1). */
  trackRequest(change: 1 | -1): void {
    this.#requests += change;
    this.#arm();
  }

  /** Ends the watch without calling back. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Only requests create and delete objects, so it is enough to check this long after each of them. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#requests > 0) return;
    this.#timer = setTimeout(() => {
      if (this.#isEmpty()) this.#onIdle();
      else this.#arm(); // work that a request started may end without another request
    }, this.#idleMs);
  }
}
