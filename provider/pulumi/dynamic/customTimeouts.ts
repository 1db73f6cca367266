/** The option `customTimeouts`. The SDK class passes it in milliseconds, because the dynamic protocol drops it. */
import { isDeepStrictEqual } from "node:util";
import { TIMEOUTS_KEY } from "../../definition/internalKeys";
import type { Properties } from "../../definition/resource";
import type { Timeouts } from "../../resources/context";

const OPERATIONS = ["createMs", "updateMs", "deleteMs"] as const;

/** The timeouts that the program sets for the resource. */
export function customTimeouts(properties: Properties): Partial<Timeouts> {
  const given = (properties[TIMEOUTS_KEY] ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(OPERATIONS.flatMap((key) => (typeof given[key] === "number" ? [[key, given[key]]] : [])));
}

/** True if the timeouts changed. They must reach the state, because a deletion reads them there. */
export const haveTimeoutsChanged = (olds: Properties, news: Properties): boolean =>
  !isDeepStrictEqual(customTimeouts(olds), customTimeouts(news));
