/** Which checkpoints instances and checkpoints descend from. */
import { HttpRefusal } from "../../http/response";
import type { InstanceActor } from "../../instances/actor";
import type { Platform } from "../../registry";
import { visibleInstances } from "./visible";
import type { Handlers, Selector } from "../request";
import { eachItem, find, timeText } from "../items";

/** Handlers of the history calls. */
export function historyHandlers(platform: Platform): Pick<Handlers, "getInstanceHistory" | "getCheckpointHistory"> {
  const read = async (selectors: readonly Selector[], kind: "instance" | "checkpoint") => {
    if (selectors.length === 0) throw new HttpRefusal(400, "Either 'uuid' or 'name' must be given", "MissingId");
    const all = visibleInstances(platform).filter(({ state }) => kind === "instance" || state === kind);
    const items = await eachItem(selectors, platform.parts.log, (selector) =>
      historyItem(find(all, ({ record }) => record, kind, selector)),
    );
    return { items };
  };
  return {
    getInstanceHistory: ({ selectors }) => read(selectors, "instance"),
    getCheckpointHistory: ({ selectors }) => read(selectors, "checkpoint"),
  };
}

const historyItem = ({ record: { uuid, name, definition } }: InstanceActor) => ({
  status: "success" as const,
  uuid,
  name,
  history: definition.history.map(({ createdAt, ...of }) => ({ ...of, created_at: timeText(createdAt) })),
});
