/** Who may see the dashboard: whoever opened a one-time link, with the cookie that it gave. Codes and sessions are in memory only. */
import * as crypto from "node:crypto";

/** How long a link can be opened. */
export const CODE_LIFETIME_MS = 5 * 60_000;
/** How long a browser stays signed in. */
export const SESSION_LIFETIME_MS = 12 * 60 * 60_000;
/** Most codes, and most sessions; the oldest goes first. */
const MAX_SECRETS = 32;
const SECRET_BYTES = 32;

/** Random texts that are valid for a time. Keeps only their digests, by which it finds them. */
class Secrets {
  readonly #expiry = new Map<string, number>();

  create(now: number, lifetimeMs: number): string {
    const secret = crypto.randomBytes(SECRET_BYTES).toString("base64url");
    const [oldest] = this.#expiry.keys();
    if (this.#expiry.size >= MAX_SECRETS && oldest !== undefined) this.#expiry.delete(oldest);
    this.#expiry.set(digest(secret), now + lifetimeMs);
    return secret;
  }

  isValid(secret: string, now: number): boolean {
    return (this.#expiry.get(digest(secret)) ?? 0) > now;
  }

  delete(secret: string): void {
    this.#expiry.delete(digest(secret));
  }
}

const digest = (secret: string): string => crypto.hash("sha256", secret);

/** The codes and sessions of one daemon. Times are Unix times in milliseconds. */
export class DashboardAccess {
  readonly #codes = new Secrets();
  readonly #sessions = new Secrets();

  /** The code of a link, which can be exchanged once within {@link CODE_LIFETIME_MS}. */
  createCode(now: number): string {
    return this.#codes.create(now, CODE_LIFETIME_MS);
  }

  /** Exchanges a code for a session; `undefined` if it is unknown, used or too old. */
  redeem(code: string, now: number): string | undefined {
    if (!this.#codes.isValid(code, now)) return undefined;
    this.#codes.delete(code);
    return this.#sessions.create(now, SESSION_LIFETIME_MS);
  }

  /** True for a session that {@link redeem} returned within {@link SESSION_LIFETIME_MS}. */
  isSession(session: string, now: number): boolean {
    return this.#sessions.isValid(session, now);
  }
}
