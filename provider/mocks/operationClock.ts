/** The clock of one operation in a mock metro. Nothing there takes time, so waits end at once. */
import type { Clock } from "../base/clock";
import { timeoutError } from "../base/timeout";
import { CREATED_AT } from "./api/objects";

/** A clock that moves only during sleeps, and the signals of time limits that end by it. */
export interface OperationClock {
  readonly clock: Clock;
  /** As `timeoutSignal`. */
  readonly createTimeout: (ms: number, attempted: string) => AbortSignal;
}

/** Creates the clock of one operation, so that the waits of one resource do not count for another. */
export function createOperationClock(): OperationClock {
  let nowMs = Date.parse(CREATED_AT);
  const limits: { readonly atMs: number; readonly abort: () => void }[] = [];
  return {
    clock: {
      now: () => nowMs,
      sleep: (ms, signal) => {
        nowMs += ms;
        for (const { atMs, abort } of limits) if (atMs <= nowMs) abort();
        return signal?.aborted === true ? Promise.reject(signal.reason as Error) : Promise.resolve();
      },
    },
    createTimeout: (ms, attempted) => {
      const controller = new AbortController();
      limits.push({ atMs: nowMs + ms, abort: () => controller.abort(timeoutError(ms, attempted)) });
      return controller.signal;
    },
  };
}
