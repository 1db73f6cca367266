/** What instances that come and go make of their service group. */
import type { Platform } from "../registry";
import { armAutokill } from "./autokill";
import { removeServiceGroup } from "./delete";
import { keepService } from "./save";

/**
 * To be called when an instance has become a member. `how`: `inline` for one that brought the group along (all replicas
 * of that request), `attached` for one that named a group which was there: an ephemeral one stays from then on.
 */
export function afterMemberJoined(platform: Platform, serviceUuid: string, how: "inline" | "attached"): void {
  const service = platform.services.get(serviceUuid);
  if (service === undefined) return;
  const persistent = service.record.persistent || how === "attached";
  const record = { ...service.record, persistent, emptySince: undefined };
  try {
    keepService(platform, service, record);
  } catch (error) {
    // The instance is there: its group is not empty, whether or not that can be written.
    service.record = record;
    armAutokill(platform, service);
    const reason = error instanceof Error ? error.message : String(error);
    platform.parts.log.write("service.not-written", { uuid: serviceUuid, reason });
  }
}

/**
 * To be called when an instance was removed, or could not be made after all: the last one of an ephemeral group takes it
 * along. Resolves when that is done.
 */
export function afterMemberLeft(platform: Platform, serviceUuid: string): Promise<void> {
  return platform.serviceTurn.take(() => {
    const service = platform.services.get(serviceUuid);
    if (service === undefined || platform.isReleased || platform.membersOf(serviceUuid).length > 0) return;
    if (!service.record.persistent) return removeServiceGroup(platform, service);
    keepService(platform, service, {
      ...service.record,
      emptySince: service.record.emptySince ?? platform.parts.clock.now(),
    });
  });
}
