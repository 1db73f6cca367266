/** Decides whether a failed attempt is retried, and after which delay. Pure. */

/** Failure of one attempt. */
export type AttemptFailure =
  /** Nothing reached the server: host not found, connection refused. */
  | { readonly kind: "not-sent" }
  /** The connection was lost or the response truncated; the server may have acted. */
  | { readonly kind: "broken" }
  /** A retry would fail the same way: untrusted certificate. */
  | { readonly kind: "final" }
  /** The server responded with this HTTP status. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfterMs: number | undefined };

/** Limit of attempts, including the first. */
export const MAX_ATTEMPTS = 6;
/** No attempt starts later than this after the first. Milliseconds. */
export const MAX_RETRY_DURATION_MS = 180_000;
/** A longer `Retry-After` is reported as an error instead of waited for. Milliseconds. */
export const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** Progress of a retried request. */
export interface RetryState {
  /** Attempts made so far, from 1. */
  readonly attempts: number;
  /** Milliseconds since the first attempt started. */
  readonly elapsedMs: number;
}

/**
 * Milliseconds to wait before the next attempt; `undefined` to give up.
 *
 * An idempotent request may be retried after any transient failure. A "look-first" request (a create) is retried only if nothing
 * reached the server, or after HTTP 429, which means that the server did nothing. HTTP 401 and 403 are never retried.
 *
 * @param random jitter in [0, 1): spreads clients over the upper half of the backoff, or of the time added to `Retry-After`
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
  // A busy server sends the same Retry-After to all clients; the backoff spreads them.
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

/** Milliseconds of a `Retry-After` header, in seconds or as an HTTP date (RFC 9110, 10.2.3); `undefined` if missing or malformed. */
export function parseRetryAfter(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
