/** The one way by which a service group changes: into the database first. */
import type { Platform, Service } from "../registry";
import { saveService, type ServiceRecord } from "../store/services";
import { armAutokill } from "./autokill";

/** Keeps a changed record. */
export function keepService(platform: Platform, service: Service, record: ServiceRecord): void {
  saveService(platform.parts.database, record);
  service.record = record;
  service.proxy.rotation.limits = record;
  armAutokill(platform, service);
}
