/** Which instances requests can name. */
import type { InstanceActor } from "../../instances/actor";
import type { Registry } from "../../registry";
import type { Selector } from "../handler";
import { findBySelector } from "../items";

/** The id of an instance becomes invalid with its delete, before its VM is gone. */
export const isVisible = ({ isBeingDeleted }: InstanceActor): boolean => !isBeingDeleted;

/** What may be named. Oldest first. */
export const visibleInstances = (registry: Registry): InstanceActor[] =>
  [...registry.instances.values()].filter(isVisible);

/** The instance of a selector. Throws refusals `NotFound`, `Invalid`. */
export const findInstance = (registry: Registry, selector: Selector): InstanceActor =>
  findBySelector(visibleInstances(registry), ({ record }) => record, "instance", selector);
