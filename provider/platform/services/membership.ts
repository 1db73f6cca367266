/** What instances that come and go make of their service group. */
import { errorMessage } from "../../base/errors";
import type { Registry } from "../registry";
import { scheduleAutokill } from "./autokill";
import { deleteServiceGroup } from "./delete";
import { persistService } from "./save";

/**
 * To be called when an instance has become a member. `how`: `inline` for one that brought the group along (all replicas
 * of that request), `attached` for one that named a group which was there: an ephemeral one stays from then on.
 */
export function onInstanceJoined(registry: Registry, serviceUuid: string, origin: "inline" | "attached"): void {
  const service = registry.services.get(serviceUuid);
  if (service === undefined) return;
  const persistent = service.record.persistent || origin === "attached";
  const record = { ...service.record, persistent, emptySince: undefined };
  try {
    persistService(registry, service, record);
  } catch (error) {
    // The instance is there: its group is not empty, whether or not that can be written.
    service.record = record;
    scheduleAutokill(registry, service);
    const reason = errorMessage(error);
    registry.parts.log.write("service.not-written", { uuid: serviceUuid, reason });
  }
}

/**
 * To be called when an instance was removed, or could not be made after all: the last one of an ephemeral group takes it
 * along. Resolves when that is done.
 */
export function onInstanceLeft(registry: Registry, serviceUuid: string): Promise<void> {
  return registry.serviceMutex.runExclusive(() => {
    const service = registry.services.get(serviceUuid);
    if (service === undefined || registry.isShutDown || registry.instancesOfService(serviceUuid).length > 0) return;
    if (!service.record.persistent) return deleteServiceGroup(registry, service);
    persistService(registry, service, {
      ...service.record,
      emptySince: service.record.emptySince ?? registry.parts.clock.now(),
    });
  });
}
