/** Suspends instances. */
import { findInstance } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged } from "../../autoscale/managedInstances";
import type { Registry } from "../../registry";
import { parseDrainTimeoutMs } from "./drain";
import { instanceItem } from "./item";

import type { Handlers } from "../handler";
import { mapItems } from "../items";

/** Handler of `/v1/instances/suspend`. */
export function suspendHandlers(registry: Registry): Pick<Handlers, "suspendInstances"> {
  async function suspend(entry: BodyOf<"suspendInstances">[number]) {
    const instance = findInstance(registry, entry);
    assertNotManaged(registry, instance.record);
    const previous = instance.state;
    await instance.request("suspend", { drainTimeoutMs: parseDrainTimeoutMs(entry.drain_timeout_ms) });
    return { ...instanceItem(registry, instance), previous_state: previous };
  }
  return {
    suspendInstances: async ({ body }) => ({ items: await mapItems(body, registry.parts.log, suspend) }),
  };
}
