/** A limit in time beside a signal. */

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
