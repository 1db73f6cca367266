/** Which instances requests can name. */
import type { InstanceActor } from "../instance/actor/actor";
import type { Platform } from "../platform";
import type { Selector } from "./request";
import { find } from "./select";

/** What may be named: the id of an instance becomes invalid with its delete, before its VM is gone. Oldest first. */
export const visibleInstances = (platform: Platform): InstanceActor[] =>
  [...platform.instances.values()].filter((actor) => !actor.isBeingDeleted);

/** The instance of a selector. Throws refusals `NotFound`, `Invalid`. */
export const namedInstance = (platform: Platform, selector: Selector): InstanceActor =>
  find(visibleInstances(platform), ({ record }) => record, "instance", selector);
