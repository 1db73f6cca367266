/** The checkpoints that an instance or checkpoint descends from. */

import { toRfc3339 } from "../../../base/clock";
import { type Selector, findBySelector, visibleInstances } from "../../lookup";
import { RequestError } from "../../errors";
import type { Instance } from "../../instances/instance";
import type { Registry } from "../../registry";

import type { Handlers } from "../handler";
import { mapItems } from "../items";

/** Handlers of the history calls. */
export function historyHandlers(registry: Registry): Pick<Handlers, "getInstanceHistory" | "getCheckpointHistory"> {
  const read = async (selectors: readonly Selector[], kind: "instance" | "checkpoint") => {
    if (selectors.length === 0) throw new RequestError(400, "Either 'uuid' or 'name' must be given", "MissingId");
    const all = visibleInstances(registry).filter(({ state }) => kind === "instance" || state === kind);
    const items = await mapItems(selectors, registry.parts.log, (selector) =>
      historyItem(findBySelector(all, ({ record }) => record, kind, selector)),
    );
    return { items };
  };
  return {
    getInstanceHistory: ({ selectors }) => read(selectors, "instance"),
    getCheckpointHistory: ({ selectors }) => read(selectors, "checkpoint"),
  };
}

const historyItem = ({ record: { uuid, name, definition } }: Instance) => ({
  status: "success" as const,
  uuid,
  name,
  history: definition.history.map(({ createdAt, ...rest }) => ({ ...rest, created_at: toRfc3339(createdAt) })),
});
