/** Suspending instances. */
import type { BodyOf } from "../../api/routes";
import { refuseManaged } from "../autoscale/managed";
import type { Platform } from "../platform";
import { drainMs } from "./drain";
import { instanceItem } from "./instanceItem";
import { namedInstance } from "./instanceSelect";
import type { Handlers } from "./request";
import { eachItem } from "./select";

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
