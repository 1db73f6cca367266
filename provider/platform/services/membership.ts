/** Updates a service group when instances join or leave it. */
import { errorMessage } from "../../base/errors";
import type { Registry } from "../registry";
import { scheduleAutokill } from "./autokill";
import { deleteServiceGroup } from "./delete";
import { persistService } from "./save";

/**
 * Call this when an instance has joined the group. `origin` is `inline` if the instance's request created the group, and
 * `attached` if it named an existing one, which is then no longer deleted with its last instance.
 */
export function onInstanceJoined(registry: Registry, serviceUuid: string, origin: "inline" | "attached"): void {
  const service = registry.services.get(serviceUuid);
  if (service === undefined) return;
  const persistent = service.record.persistent || origin === "attached";
  const record = { ...service.record, persistent, emptySince: undefined };
  try {
    persistService(registry, service, record);
  } catch (error) {
    // The instance exists, so the group is not empty even if the write failed.
    service.record = record;
    scheduleAutokill(registry, service);
    const reason = errorMessage(error);
    registry.parts.log.write("service.not-written", { uuid: serviceUuid, reason });
  }
}

/**
 * Call this when an instance was removed or could not be created. Deletes an inline group without instances; any other empty
 * group starts its autokill timer. Resolves when that is done.
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
