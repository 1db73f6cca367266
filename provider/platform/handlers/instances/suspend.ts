/** Suspending instances. */
import type { BodyOf } from "../../../contract/routes";
import { refuseManaged } from "../../autoscale/managedInstances";
import type { Platform } from "../../registry";
import { drainMs } from "./drain";
import { instanceItem } from "./item";
import { namedInstance } from "./visible";
import type { Handlers } from "../request";
import { eachItem } from "../items";

/** Handler of `/v1/instances/suspend`. */
export function suspendHandlers(platform: Platform): Pick<Handlers, "suspendInstances"> {
  async function suspend(entry: BodyOf<"suspendInstances">[number]) {
    const actor = namedInstance(platform, entry);
    refuseManaged(platform, actor.record);
    const previous = actor.state;
    await actor.request("suspend", { drainTimeoutMs: drainMs(entry.drain_timeout_ms) });
    return { ...instanceItem(platform, actor), previous_state: previous };
  }
  return {
    suspendInstances: async ({ body }) => ({ items: await eachItem(body, platform.parts.log, suspend) }),
  };
}
