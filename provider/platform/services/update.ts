/** Changes a service group while it serves. */
import { enforceQuota } from "../quota";
import { destinationPorts, type Platform, type Service } from "../registry";
import type { ServiceRecord } from "../store/services";
import { refuseTakenDomains } from "./domains";
import { otherServices } from "./create";
import { keepService } from "./save";
import { applyChange, type ServiceChange } from "./patch";
import { publishPorts } from "./publish";
import { refuseTakenPorts } from "./rules";

/** Applies one triple; to be called in the turn of service groups. Throws as `applyChange` and `publishPorts` do, and `CannotBeUsed`, `Quota`. */
export async function changeService(platform: Platform, service: Service, change: ServiceChange): Promise<void> {
  const before = service.record;
  const after = applyChange(before, change, [...platform.certificates.values()]);
  const others = otherServices(platform, after.uuid);
  refuseTakenPorts(after.name, after.ports, others);
  refuseTakenDomains(after.domains, others);
  enforceQuota(platform, { services: after.ports.length - before.ports.length });
  if (change.prop === "services" || change.prop === "domains") await publishPorts(platform, service, after);
  const { persistent, emptySince } = service.record; // instances may have come or gone meanwhile
  keepService(platform, service, { ...after, persistent, emptySince });
  if (!sameDestinations(before, after)) for (const member of platform.membersOf(after.uuid)) member.portsChanged();
}

const sameDestinations = (a: ServiceRecord, b: ServiceRecord): boolean => {
  const after = destinationPorts(b);
  return destinationPorts(a).length === after.length && destinationPorts(a).every((port) => after.includes(port));
};
