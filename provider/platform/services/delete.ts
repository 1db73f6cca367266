/** A service group's end. */
import type { Service } from "./service";
import type { Registry } from "../registry";
import { deleteService } from "../store/services";

/** Closes a service group's ports and forgets it. The caller has looked that nothing needs it. */
export function deleteServiceGroup(
  registry: Registry,
  { record, proxy, autokillAbort: autokill, autoscaler }: Service,
): void {
  const { uuid, name } = record;
  deleteService(registry.parts.database, uuid);
  autokill?.abort();
  autoscaler?.stop();
  registry.services.delete(uuid);
  proxy.close();
  registry.parts.log.write("service.deleted", { uuid, name });
}
