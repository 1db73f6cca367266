/** The option `customTimeouts`, which the SDK class passes in milliseconds because the dynamic protocol drops it. */
import { isDeepStrictEqual } from "node:util";
import { TIMEOUTS_KEY } from "../../definition/internalKeys";
import type { Properties } from "../../definition/resource";
import type { Timeouts } from "../../resources/context";

const OPERATIONS = ["createMs", "updateMs", "deleteMs"] as const;

/** The timeouts of one resource, where the program gives them. */
export function customTimeouts(properties: Properties): Partial<Timeouts> {
  const given = (properties[TIMEOUTS_KEY] ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(OPERATIONS.flatMap((key) => (typeof given[key] === "number" ? [[key, given[key]]] : [])));
}

/** True if the program has changed them: they must reach the state, from which a deletion takes them. */
export const haveTimeoutsChanged = (olds: Properties, news: Properties): boolean =>
  !isDeepStrictEqual(customTimeouts(olds), customTimeouts(news));
