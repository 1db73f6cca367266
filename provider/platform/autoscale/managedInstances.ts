/** Instances that autoscale has made, which belong to it. */
import type { Service } from "../services/service";
import type { Instance } from "../instances/instance";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { InstanceRecord } from "../store/instances";
import type { ServiceRecord } from "../store/services";

/**
 * Throws a refusal `AutoscaleInstance` for an instance that autoscale may remove at any time. Without its configuration nobody
 * manages it any more, and it may be stopped and deleted like any other.
 */
export function assertNotManaged(registry: Registry, { name, definition }: InstanceRecord): void {
  const { autoscaledBy } = definition;
  if (autoscaledBy === undefined || registry.services.get(autoscaledBy)?.record.autoscale === undefined) return;
  throw new ApiItemError("AutoscaleInstance", `Instance '${name}' is managed by the autoscale of its service group`);
}

/** Service groups that make their instances from this template. */
export const servicesScaledFrom = (registry: Registry, templateUuid: string): readonly ServiceRecord[] =>
  [...registry.services.values()]
    .map(({ record }) => record)
    .filter(({ autoscale }) => autoscale?.templateUuid === templateUuid);

/** Throws a refusal `Attached` for a template that a service group makes its instances from. */
export function assertNotAutoscaleTemplate(registry: Registry, { uuid, name }: InstanceRecord): void {
  const users = servicesScaledFrom(registry, uuid);
  if (users.length === 0) return;
  const names = users.map((service) => `'${service.name}'`).join(", ");
  throw new ApiItemError("Attached", `Template '${name}' is used by the autoscale of service group ${names}`);
}

/** Instances that the autoscale of this service group has made and that still exist. */
export const managedInstances = (registry: Registry, { record }: Service): readonly Instance[] =>
  registry.instancesOfService(record.uuid).filter(isManagedBy(record));

const isManagedBy =
  ({ uuid }: ServiceRecord) =>
  (instance: Instance): boolean =>
    instance.record.definition.autoscaledBy === uuid && !instance.isBeingDeleted;
