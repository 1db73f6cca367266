/** When one listing is cheaper than many reads, and for how long it may be served. Pure. */

/** More reads than this within {@link LISTING_WINDOW_MS}, with no change among them, are a refresh: a listing costs less. */
const LISTING_THRESHOLD_READS = 20;
const LISTING_WINDOW_MS = 5_000;
/** The longest time that a listing is served, counted from its start. */
const LISTING_MAX_AGE_MS = 10_000;

/** The reads since the last change, as far as the decision needs them. */
export interface ReadHistory {
  /** Value of `Client.changeCount` at these reads. */
  readonly changeCount: number;
  /** When each read began, oldest first. Milliseconds since 1970. */
  readonly timesMs: readonly number[];
}

/** The history before the first read. */
export const NO_READS: ReadHistory = { changeCount: 0, timesMs: [] };

/** The history with one more read; a change discards the reads before it. */
export function recordRead(history: ReadHistory, nowMs: number, changeCount: number): ReadHistory {
  const before = history.changeCount === changeCount ? history.timesMs : [];
  return { changeCount, timesMs: [...before, nowMs].slice(-LISTING_THRESHOLD_READS - 1) };
}

/** True when the reads come so fast that a listing costs fewer requests. */
export function isListingWorthwhile({ timesMs }: ReadHistory, nowMs: number): boolean {
  const first = timesMs.at(-LISTING_THRESHOLD_READS - 1);
  return first !== undefined && nowMs - first <= LISTING_WINDOW_MS;
}

/** True while a listing may be served: nothing has changed since it began, and it is young enough. */
export const isListingFresh = (
  listing: { readonly beganMs: number; readonly changeCount: number },
  nowMs: number,
  changeCount: number,
): boolean => listing.changeCount === changeCount && nowMs - listing.beganMs <= LISTING_MAX_AGE_MS;
