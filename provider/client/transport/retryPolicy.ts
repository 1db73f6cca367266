/** Which failures may be tried again, and after how long. Pure. */

/** How one attempt at a request ended without a usable answer. */
export type AttemptFailure =
  /** Nothing reached the server: name not found, connection refused. */
  | { readonly kind: "not-sent" }
  /** The connection or the answer broke off; the server may or may not have acted. */
  | { readonly kind: "broken" }
  /** Another attempt would end alike: a certificate that is not trusted. */
  | { readonly kind: "final" }
  /** The server answered with this status. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfterMs: number | undefined };

/** Attempts in all, the first included. */
export const MAX_ATTEMPTS = 6;
/** No attempt begins later than this after the first. */
export const MAX_RETRY_DURATION_MS = 180_000;
/** A server that asks for a longer pause than this is reported instead of obeyed. */
export const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** What has happened so far. */
export interface RetryState {
  /** How many attempts were made, from 1. */
  readonly attempts: number;
  /** Milliseconds since the first one began. */
  readonly elapsedMs: number;
}

/**
 * Milliseconds to wait before the next attempt, or `undefined` to give up.
 *
 * Repeating an idempotent request is safe whatever happened to the first. A "look-first" request (a create) is repeated
 * only when nothing reached the server, or when the server said 429 and so did nothing. Never 401 or 403.
 *
 * @param random a number in [0, 1) that spreads clients: over the upper half of the delay, and after the time that a server asked for
 */
export function retryDelayMs(
  retry: "idempotent" | "look-first",
  failure: AttemptFailure,
  { attempts, elapsedMs }: RetryState,
  random: number,
): number | undefined {
  if (attempts >= MAX_ATTEMPTS || !mayRetry(retry, failure)) return undefined;
  const backoffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1)) * (0.5 + random / 2);
  const retryAfterMs = failure.kind === "status" ? failure.retryAfterMs : undefined;
  // All clients that were sent away together are told the same time.
  const delayMs = retryAfterMs === undefined ? backoffMs : retryAfterMs + backoffMs;
  return (retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS || elapsedMs + delayMs > MAX_RETRY_DURATION_MS ? undefined : delayMs;
}

function mayRetry(retry: "idempotent" | "look-first", failure: AttemptFailure): boolean {
  switch (failure.kind) {
    case "not-sent":
      return true;
    case "broken":
      return retry === "idempotent";
    case "final":
      return false;
    case "status":
      return failure.status === 429 || (retry === "idempotent" && [502, 503, 504].includes(failure.status));
    default:
      return failure satisfies never;
  }
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
