/** Deletes a service group that was empty for as long as it says. */
import type { Platform, Service } from "../registry";
import type { ServiceRecord } from "../store/services";
import { removeServiceGroup } from "./delete";

/** Longest sleep: the time of day may be set, and a machine may be put to sleep. */
const MAX_SLEEP_MS = 60_000;

/**
 * When a service group is due, in milliseconds since 1970; `undefined` while it has instances, makes its own, or is to stay.
 * Pure.
 */
export const dueAt = ({ autokillTimeMs, emptySince, autoscale }: ServiceRecord): number | undefined =>
  autokillTimeMs === 0 || emptySince === undefined || autoscale !== undefined ? undefined : emptySince + autokillTimeMs;

/** Waits for the end of a service group anew; to be called whenever its record has changed. */
export function armAutokill(platform: Platform, service: Service): void {
  service.autokill?.abort();
  const due = dueAt(service.record);
  if (due === undefined || platform.isReleased) return;
  const { clock, log } = platform.parts;
  const armed = new AbortController();
  service.autokill = armed;
  clock
    .sleep(Math.min(Math.max(0, due - clock.now()), MAX_SLEEP_MS), armed.signal)
    .then(() => platform.serviceTurn.take(() => removeIfDue(platform, service)))
    .catch((error: unknown) => {
      if (armed.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      log.write("service.not-deleted", { uuid: service.record.uuid, reason });
    });
}

function removeIfDue(platform: Platform, service: Service): void {
  const { uuid } = service.record;
  if (platform.isReleased || platform.services.get(uuid) !== service || platform.membersOf(uuid).length > 0) return;
  const due = dueAt(service.record);
  if (due !== undefined && due <= platform.parts.clock.now()) removeServiceGroup(platform, service);
  else armAutokill(platform, service);
}
