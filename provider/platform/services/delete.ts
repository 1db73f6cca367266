/** A service group's end. */
import type { Registry, Service } from "../registry";
import { deleteService } from "../store/services";

/** Closes a service group's ports and forgets it. The caller has looked that nothing needs it. */
export function deleteServiceGroup(
  registry: Registry,
  { record, proxy, autokillAbort: autokill, scaler }: Service,
): void {
  const { uuid, name } = record;
  deleteService(registry.parts.database, uuid);
  autokill?.abort();
  scaler?.stop();
  registry.services.delete(uuid);
  proxy.close();
  registry.parts.log.write("service.deleted", { uuid, name });
}
