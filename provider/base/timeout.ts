/** Limits in time, as abort signals. */
import { UnikernelError } from "./errors";

/** Longest time of a timer; it would take a longer one for no time at all. Source: Node, `setTimeout`. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Runs `act` with a signal that aborts after `ms` or with `signal`; leaves no timer behind. */
export async function withTimeout<T>(
  ms: number,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  const timer = setTimeout(abort, Math.min(ms, MAX_TIMER_MS));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await act(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/**
 * A signal that aborts after `ms`; it does not keep the process alive. Its reason is a `WAIT_TIMEOUT` error.
 *
 * @param attempted begins the sentence of that error, such as `Creating volume 'data'`
 */
export function timeoutSignal(ms: number, attempted: string): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(timeoutError(ms, attempted)), Math.min(ms, MAX_TIMER_MS)).unref();
  return controller.signal;
}

/** The reason of {@link timeoutSignal}. */
export const timeoutError = (ms: number, attempted: string): UnikernelError =>
  new UnikernelError("WAIT_TIMEOUT", `${attempted} did not finish within ${Math.round(ms / 1000)} s.`, {
    hint: "Run 'pulumi up' again; if it needs more time, raise unikernel:timeouts.",
  });

/** True when a signal aborted because the time was up, and not because of a cancellation. */
export const hasTimedOut = (signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && UnikernelError.has(signal.reason, "WAIT_TIMEOUT");

/** The promise, or a rejection with the signal's reason when it aborts first. The work behind the promise goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", abort));
}
