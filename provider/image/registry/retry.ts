/** When to send a request to a registry again. Pure. */

/** Attempts of one request, the first included. */
export const MAX_ATTEMPTS = 6;

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** A registry that asks for a longer delay is reported at once, so that a program does not seem to hang. */
const MAX_RETRY_AFTER_MS = 60_000;

/** True for a status that a later attempt may not get: too many requests, time-outs and failures of the server. */
export const isRetryableStatus = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);

/**
 * Milliseconds to wait before the next attempt; `undefined` to give up.
 *
 * @param attempt number of attempts so far, from 1
 * @param retryAfterMs what the registry asked for; `undefined` if it asked for nothing
 * @param random from 0 to below 1: spreads clients that failed at the same time
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined, random: number): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  if (retryAfterMs !== undefined && retryAfterMs > MAX_RETRY_AFTER_MS) return undefined;
  const backoffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + random / 2);
  return Math.max(backoffMs, retryAfterMs ?? 0);
}

/**
 * Milliseconds that a `Retry-After` header names, in either form (seconds, or a date); `undefined` for a missing or malformed one.
 *
 * Source: RFC 9110, 10.2.3.
 */
export function parseRetryAfter(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  const dateMs = /^[A-Za-z]{3,9},/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
