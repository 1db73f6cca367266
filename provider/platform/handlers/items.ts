/** Answers one request for many objects: each item succeeds or fails by itself, in the order of the request. */
import type { Log } from "../log";
import { type FailedItem, toFailedItem } from "../errors";

/** Applies `act` to every entry at once; items keep the order of the entries, each stands alone. */
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
