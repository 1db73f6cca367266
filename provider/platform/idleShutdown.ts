/** Detects that a daemon is no longer needed. */
import type { RequestActivity } from "./http/inFlightRequests";

/** Calls back once, when the platform is empty and no request has been in progress for a while. */
export class IdleShutdown {
  readonly #idleMs: number;
  readonly #activity: RequestActivity;
  readonly #isEmpty: () => boolean;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param idleMs milliseconds without a request
   * @param isEmpty true when the platform has no objects
   * @param onIdle called at most once
   */
  constructor(idleMs: number, activity: RequestActivity, isEmpty: () => boolean, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#activity = activity;
    this.#isEmpty = isEmpty;
    this.#onIdle = onIdle;
    this.#checkIn(idleMs);
  }

  /** Stops watching; `onIdle` is not called. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #checkIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.#check(), delayMs);
  }

  #check(): void {
    const { inFlightCount, lastChangeAt } = this.#activity;
    const idleMs = performance.now() - lastChangeAt;
    if (inFlightCount > 0) this.#checkIn(this.#idleMs);
    else if (idleMs < this.#idleMs) this.#checkIn(this.#idleMs - idleMs);
    else if (this.#isEmpty()) this.#onIdle();
    else this.#checkIn(this.#idleMs); // work that a request started may end without another request
  }
}
