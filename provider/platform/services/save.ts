/** Saves changes of a service group. All changes go through here, to the database first. */
import type { Service } from "./service";
import type { Registry } from "../registry";
import { saveService, type ServiceRecord } from "../store/services";
import { scheduleAutokill } from "./autokill";

/**
 * Saves a changed record, applies it and restarts the autokill timer. If the write fails, throws and changes nothing.
 */
export function persistService(registry: Registry, service: Service, record: ServiceRecord): void {
  saveService(registry.parts.database, record);
  service.record = record;
  service.proxy.rotation.limits = record;
  scheduleAutokill(registry, service);
}
