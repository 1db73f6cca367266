/** Timeouts as abort signals. */
import { UnikernelError } from "./errors";

/** Longest delay of a timer, in milliseconds; Node replaces a longer one by 1 ms. Source: Node, `setTimeout`. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs `act` with a signal that aborts after `ms` milliseconds or with `signal`, whose reason it then has. Clears its timer afterwards.
 *
 * @param ms `Infinity`: only with `signal`
 * @param reason of the abort after `ms`. Default: an `AbortError`
 */
export async function withTimeout<T>(
  ms: number,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
  reason?: () => Error,
): Promise<T> {
  const limit = new AbortController();
  const expire = (): void => limit.abort(reason?.());
  const abort = (): void => limit.abort(signal.reason);
  const timer = ms === Infinity ? undefined : setTimeout(expire, Math.min(ms, MAX_TIMER_MS));
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
 * A signal that aborts after `ms` milliseconds with a `WAIT_TIMEOUT` error as its reason. Does not keep the process alive.
 *
 * @param attempted start of the error's sentence, such as `Creating volume 'data'`
 */
export function timeoutSignal(ms: number, attempted: string): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(timeoutError(ms, attempted)), Math.min(ms, MAX_TIMER_MS)).unref();
  return controller.signal;
}

/** The `WAIT_TIMEOUT` error of {@link timeoutSignal}. */
export const timeoutError = (ms: number, attempted: string): UnikernelError =>
  new UnikernelError("WAIT_TIMEOUT", `${attempted} did not finish within ${Math.round(ms / 1000)} s.`, {
    hint: "Run 'pulumi up' again; if it needs more time, raise unikernel:timeouts.",
    details: { timeoutMs: ms },
  });

/** True if a signal aborted because of a timeout, not a cancellation. */
export const hasTimedOut = (signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && UnikernelError.has(signal.reason, "WAIT_TIMEOUT");

/** Settles like the promise, or rejects with the signal's reason if it aborts first. The work behind the promise continues. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", abort));
}
