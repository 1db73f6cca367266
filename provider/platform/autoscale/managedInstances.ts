/** Instances that autoscale created and manages. */
import type { Service } from "../services/service";
import type { Instance } from "../instances/instance";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { InstanceRecord } from "../store/instances";
import type { ServiceRecord } from "../store/services";

/**
 * Throws `AutoscaleInstance` for an instance that autoscale manages. Once the configuration is removed, the instance may be
 * stopped and deleted like any other.
 */
export function assertNotManaged(registry: Registry, { name, definition }: InstanceRecord): void {
  const { autoscaledBy } = definition;
  if (autoscaledBy === undefined || registry.services.get(autoscaledBy)?.record.autoscale === undefined) return;
  throw new ApiItemError("AutoscaleInstance", `Instance '${name}' is managed by the autoscale of its service group`);
}

/** Service groups whose autoscale uses this template. */
export const servicesScaledFrom = (registry: Registry, templateUuid: string): readonly ServiceRecord[] =>
  [...registry.services.values()]
    .map(({ record }) => record)
    .filter(({ autoscale }) => autoscale?.templateUuid === templateUuid);

/** Throws `Attached` for a template that the autoscale of a service group uses. */
export function assertNotAutoscaleTemplate(registry: Registry, { uuid, name }: InstanceRecord): void {
  const users = servicesScaledFrom(registry, uuid);
  if (users.length === 0) return;
  const names = users.map((service) => `'${service.name}'`).join(", ");
  throw new ApiItemError("Attached", `Template '${name}' is used by the autoscale of service group ${names}`);
}

/** Existing instances that the autoscale of this service group created. */
export const managedInstances = (registry: Registry, { record }: Service): readonly Instance[] =>
  registry.instancesOfService(record.uuid).filter(isManagedBy(record));

const isManagedBy =
  ({ uuid }: ServiceRecord) =>
  (instance: Instance): boolean =>
    instance.record.definition.autoscaledBy === uuid && !instance.isBeingDeleted;
