/** Autokill: deletes a service group after `autokillTimeMs` without instances. */
import type { Service } from "./service";
import { errorMessage } from "../../base/errors";
import type { Registry } from "../registry";
import type { ServiceRecord } from "../store/services";
import { deleteServiceGroup } from "./delete";

/** Longest timer in milliseconds. Limited because the system clock may be set and the machine may be suspended. */
const MAX_SLEEP_MS = 60_000;

/**
 * The time of the delete in Unix milliseconds; `undefined` while the group has instances or autoscale, or without autokill.
 * Pure.
 */
export const autokillDueAtMs = ({ autokillTimeMs, emptySince, autoscale }: ServiceRecord): number | undefined =>
  autokillTimeMs === 0 || emptySince === undefined || autoscale !== undefined ? undefined : emptySince + autokillTimeMs;

/** Restarts the autokill timer of a service group. Call it whenever the record has changed. */
export function scheduleAutokill(registry: Registry, service: Service): void {
  service.autokillAbort?.abort();
  const due = autokillDueAtMs(service.record);
  if (due === undefined || registry.isShutDown) return;
  const { clock, log } = registry.parts;
  const abort = new AbortController();
  service.autokillAbort = abort;
  clock
    .sleep(Math.min(Math.max(0, due - clock.now()), MAX_SLEEP_MS), abort.signal)
    .then(() => registry.serviceMutex.runExclusive(() => removeIfDue(registry, service)))
    .catch((error: unknown) => {
      if (abort.signal.aborted) return;
      const reason = errorMessage(error);
      log.write("service.not-deleted", { uuid: service.record.uuid, reason });
    });
}

function removeIfDue(registry: Registry, service: Service): void {
  const { uuid } = service.record;
  if (registry.isShutDown || registry.services.get(uuid) !== service || registry.instancesOfService(uuid).length > 0)
    return;
  const due = autokillDueAtMs(service.record);
  if (due !== undefined && due <= registry.parts.clock.now()) deleteServiceGroup(registry, service);
  else scheduleAutokill(registry, service);
}
