/** Long synchronous work in slices, so that the event loop turns and an abort is noticed. */
import { setImmediate } from "node:timers/promises";

/** Longest time in milliseconds without a turn of the event loop. */
const SLICE_MS = 20;

/** Use it as `if (slice.isOver) await slice.next();` between steps that take microseconds. */
export class TimeSlice {
  readonly #signal: AbortSignal | undefined;
  #end = performance.now() + SLICE_MS;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** True when it is time for {@link next}. */
  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /** Lets the event loop turn and begins a new slice. Rejects with the reason of an aborted signal. */
  async next(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#end = performance.now() + SLICE_MS;
  }
}
