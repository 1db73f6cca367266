/** Updates a service group while it serves connections. */
import { destinationPorts, type Service } from "./service";
import { assertQuota } from "../quota/quota";
import { type Registry } from "../registry";
import type { ServiceRecord } from "../store/services";
import { assertDomainsAvailable } from "./domains";
import { otherServices } from "./create";
import { persistService } from "./save";
import { applyPatchOperation, type ServicePatchOperation } from "./patch";
import { publishPorts } from "./publish";
import { assertPortsAvailable } from "./rules";

/**
 * Applies one patch operation. The caller holds `serviceMutex`.
 *
 * Throws what `applyPatchOperation` and `publishPorts` throw; `CannotBeUsed`, `Quota`.
 */
export async function updateService(
  registry: Registry,
  service: Service,
  change: ServicePatchOperation,
): Promise<void> {
  const before = service.record;
  const after = applyPatchOperation(before, change, [...registry.certificates.values()]);
  const others = otherServices(registry, after.uuid);
  assertPortsAvailable(after, others);
  assertDomainsAvailable(after.domains, others);
  assertQuota(registry, { services: after.ports.length - before.ports.length });
  if (change.prop === "services" || change.prop === "domains") await publishPorts(registry, service, after);
  const { persistent, emptySince } = service.record; // instances may have joined or left meanwhile
  persistService(registry, service, { ...after, persistent, emptySince });
  if (!hasSameDestinationPorts(before, after))
    for (const member of registry.instancesOfService(after.uuid)) member.servicePortsChanged();
}

const hasSameDestinationPorts = (a: ServiceRecord, b: ServiceRecord): boolean => {
  const after = destinationPorts(b);
  return destinationPorts(a).length === after.length && destinationPorts(a).every((port) => after.includes(port));
};
