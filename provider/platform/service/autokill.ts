/** Deletes a service group that was empty for as long as it says. */
import type { Platform, Service } from "../platform";
import type { ServiceRecord } from "../state/services";
import { removeServiceGroup } from "./group";

/** Longest timer of Node; a longer time takes several. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * When a service group is due, in milliseconds since 1970; `undefined` while it has instances, makes its own, or is to stay.
 * Pure.
 */
export const dueAt = ({ autokillTimeMs, emptySince, autoscale }: ServiceRecord): number | undefined =>
  autokillTimeMs === 0 || emptySince === undefined || autoscale !== undefined ? undefined : emptySince + autokillTimeMs;

/** Arms the timer of a service group anew; to be called whenever its record has changed. */
export function armAutokill(platform: Platform, service: Service): void {
  clearTimeout(service.autokillTimer);
  const due = dueAt(service.record);
  if (due === undefined || platform.isReleased) return;
  const inMs = Math.min(Math.max(0, due - Date.now()), MAX_TIMER_MS);
  service.autokillTimer = setTimeout(() => void platform.serviceTurn.take(() => removeIfDue(platform, service)), inMs);
}

function removeIfDue(platform: Platform, service: Service): void {
  if (platform.isReleased || platform.services.get(service.record.uuid) !== service) return;
  const due = dueAt(service.record);
  if (due !== undefined && due <= Date.now()) removeServiceGroup(platform, service);
  else armAutokill(platform, service);
}
