/** Bulk requests: each item succeeds or fails on its own. */
import type { Log } from "../log";
import { type FailedItem, toFailedItem } from "../errors";
import { Mutex } from "../../base/mutex";

/**
 * Applies `act` to all entries concurrently. The items keep the order of the entries; one that throws becomes a failed
 * item.
 */
export function mapItems<E extends object, I>(
  entries: readonly E[],
  log: Log,
  act: (entry: E) => Promise<I> | I,
): Promise<(I | FailedItem)[]> {
  return Promise.all(
    entries.map(async (entry) => {
      try {
        return await act(entry);
      } catch (failure) {
        return toFailedItem(entry, failure, log);
      }
    }),
  );
}

/** {@link mapItems}, one entry after the other: operations on one object build on one another. */
export function mapItemsInOrder<E extends object, I>(
  entries: readonly E[],
  log: Log,
  act: (entry: E) => Promise<I> | I,
): Promise<(I | FailedItem)[]> {
  const mutex = new Mutex();
  return mapItems(entries, log, (entry) => mutex.runExclusive(() => act(entry)));
}
