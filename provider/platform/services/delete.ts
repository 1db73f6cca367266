/** Deletes a service group. */
import type { Service } from "./service";
import type { Registry } from "../registry";
import { deleteService } from "../store/services";

/** Deletes a service group and closes its ports. The caller has checked that it has no instances. */
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
