/** The one way by which a service group changes: into the database first. */
import type { Service } from "./service";
import type { Registry } from "../registry";
import { saveService, type ServiceRecord } from "../store/services";
import { scheduleAutokill } from "./autokill";

/** Keeps a changed record. */
export function persistService(registry: Registry, service: Service, record: ServiceRecord): void {
  saveService(registry.parts.database, record);
  service.record = record;
  service.proxy.rotation.limits = record;
  scheduleAutokill(registry, service);
}
