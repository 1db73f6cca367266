/** Ends a daemon that nobody needs any more. */
import type { RequestActivity } from "./http/inFlightRequests";

/** Fires once when nothing exists and no request has run for a while. */
export class IdleShutdown {
  readonly #idleMs: number;
  readonly #activity: RequestActivity;
  readonly #isEmpty: () => boolean;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param idleMs how long nothing must have happened
   * @param isEmpty whether nothing exists that a user made
   * @param onIdle called once
   */
  constructor(idleMs: number, activity: RequestActivity, isEmpty: () => boolean, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#activity = activity;
    this.#isEmpty = isEmpty;
    this.#onIdle = onIdle;
    this.#checkIn(idleMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #checkIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.#check(), delayMs);
  }

  #check(): void {
    const { inFlightCount, lastChangeAt } = this.#activity;
    const quietMs = performance.now() - lastChangeAt;
    if (inFlightCount > 0) this.#checkIn(this.#idleMs);
    else if (quietMs < this.#idleMs) this.#checkIn(this.#idleMs - quietMs);
    else if (this.#isEmpty()) this.#onIdle();
    else this.#checkIn(this.#idleMs); // what a request left under way may end without another one
  }
}
