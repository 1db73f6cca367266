/** Which instances requests can name. */
import type { InstanceActor } from "../../instances/actor";
import type { Platform } from "../../registry";
import type { Selector } from "../request";
import { find } from "../items";

/** The id of an instance becomes invalid with its delete, before its VM is gone. */
export const isVisible = ({ isBeingDeleted }: InstanceActor): boolean => !isBeingDeleted;

/** What may be named. Oldest first. */
export const visibleInstances = (platform: Platform): InstanceActor[] =>
  [...platform.instances.values()].filter(isVisible);

/** The instance of a selector. Throws refusals `NotFound`, `Invalid`. */
export const namedInstance = (platform: Platform, selector: Selector): InstanceActor =>
  find(visibleInstances(platform), ({ record }) => record, "instance", selector);
