/** Decides when a listing is cheaper than single reads, and how long it may be served. Pure. */

/** More reads than this within {@link LISTING_WINDOW_MS} without a change in between are a refresh, for which a listing is cheaper. */
const LISTING_THRESHOLD_READS = 20;
const LISTING_WINDOW_MS = 5_000;
/** Age at which a listing expires, counted from its start. */
const LISTING_MAX_AGE_MS = 10_000;

/** The reads since the last change, limited to those that the decision needs. */
export interface ReadHistory {
  /** `Client.changeCount` at the time of these reads. */
  readonly changeCount: number;
  /** Start of each read, oldest first, in milliseconds since 1970. */
  readonly timesMs: readonly number[];
}

/** An empty history. */
export const NO_READS: ReadHistory = { changeCount: 0, timesMs: [] };

/** Adds a read to the history; a change discards earlier reads. */
export function recordRead(history: ReadHistory, nowMs: number, changeCount: number): ReadHistory {
  const earlier = history.changeCount === changeCount ? history.timesMs : [];
  return { changeCount, timesMs: [...earlier, nowMs].slice(-LISTING_THRESHOLD_READS - 1) };
}

/** True if reads are so frequent that a listing needs fewer requests. */
export function isListingWorthwhile({ timesMs }: ReadHistory, nowMs: number): boolean {
  const first = timesMs.at(-LISTING_THRESHOLD_READS - 1);
  return first !== undefined && nowMs - first <= LISTING_WINDOW_MS;
}

/** True while a listing may be served: nothing has changed since it started, and it has not expired. */
export const isListingFresh = (
  listing: { readonly beganMs: number; readonly changeCount: number },
  nowMs: number,
  changeCount: number,
): boolean => listing.changeCount === changeCount && nowMs - listing.beganMs <= LISTING_MAX_AGE_MS;
