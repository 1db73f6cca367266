/** Suspends instances. */
import { findInstance } from "../../lookup";
import { MAX_DRAIN_MS } from "../../../contract/models";
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged } from "../../autoscale/managedInstances";
import type { Registry } from "../../registry";
import { instanceItem } from "./item";

import type { Handlers } from "../handler";
import { mapItems } from "../items";

/** The drain timeout in milliseconds: -1 means {@link MAX_DRAIN_MS}, `undefined` means 0. */
export const parseDrainTimeoutMs = (requestedMs: number | undefined): number =>
  requestedMs === -1 ? MAX_DRAIN_MS : (requestedMs ?? 0);

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
