/** Which failures may be tried again, and after how long. Pure. */

/** How one attempt at a request ended without a usable answer. */
export type LostAnswer =
  /** Nothing reached the server: name not found, connection refused. */
  | { readonly kind: "not-sent" }
  /** The connection broke; the server may or may not have acted. */
  | { readonly kind: "broken" }
  /** The server answered with this status. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfterMs: number | undefined };

/** Attempts in all, the first included. */
export const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;
/** A server that asks for a longer pause than this is reported instead of obeyed. */
const MAX_RETRY_AFTER_MS = 60_000;

/**
 * Milliseconds to wait before attempt number `attempt` + 1, or `undefined` to give up.
 *
 * Repeating an idempotent request is safe whatever happened to the first. A "look-first" request (a create) is repeated
 * only when nothing reached the server, or when the server said 429 and so did nothing. Never 401 or 403.
 *
 * @param attempt how many attempts were made, from 1
 * @param random a number in [0, 1) that spreads clients over the upper half of the delay
 */
export function retryDelayMs(
  retry: "idempotent" | "look-first",
  lost: LostAnswer,
  attempt: number,
  random: number,
): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  const backoffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + random / 2);
  switch (lost.kind) {
    case "not-sent":
      return backoffMs;
    case "broken":
      return retry === "idempotent" ? backoffMs : undefined;
    case "status": {
      const mayRepeat = lost.status === 429 || (retry === "idempotent" && [502, 503, 504].includes(lost.status));
      if (!mayRepeat || (lost.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return undefined;
      return Math.max(backoffMs, lost.retryAfterMs ?? 0);
    }
    default:
      return lost satisfies never;
  }
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
