/** The clock as an interface, so that tests can control time. */
import { setTimeout as delay } from "node:timers/promises";

/** Wall clock and sleep. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted(); // Node would reject with an AbortError instead of the signal's reason
      throw error;
    }
  },
};

/** Resolves like the promise, or with `late` if that takes longer than `ms` milliseconds. The work behind the promise goes on. */
export async function orLate<T>(clock: Clock, ms: number, promise: Promise<T>, late: T): Promise<T> {
  const timeout = new AbortController();
  const slept = clock.sleep(ms, timeout.signal).then(() => late);
  try {
    return await Promise.race([promise, slept]);
  } finally {
    timeout.abort();
    slept.catch(() => undefined);
  }
}

/** Formats milliseconds since 1970 as RFC 3339, in UTC. */
export const toRfc3339 = (ms: number): string => new Date(ms).toISOString();
