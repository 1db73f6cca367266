/** Time, so that tests can bring their own. */
import { setTimeout as delay } from "node:timers/promises";

/** Wall clock and sleep. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted(); // Node rejects with an AbortError of its own
      throw error;
    }
  },
};

/** RFC 3339 text of a time in milliseconds since 1970. */
export const toRfc3339 = (ms: number): string => new Date(ms).toISOString();
