/** Waits on behalf of a client. */
import type { EventEmitter } from "node:events";
import { MAX_TIMER_MS } from "../../base/timeout";

/** A connection, or the response to one request on it. */
export type Closable = Pick<EventEmitter, "once" | "off">;

/**
 * Runs `act` with a signal that aborts after `ms` milliseconds, or when the client closes. One that closes after `act` aborts nothing: an
 * abort creates an error with a stack, a twentieth of the time of a new connection.
 *
 * @param ms `Infinity`: only when the client closes
 */
export async function whileOpen<T>(client: Closable, ms: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const abort = (): void => over.abort();
  const timer = ms === Infinity ? undefined : setTimeout(abort, Math.min(ms, MAX_TIMER_MS));
  client.once("close", abort);
  try {
    return await act(over.signal);
  } finally {
    clearTimeout(timer);
    client.off("close", abort);
  }
}
