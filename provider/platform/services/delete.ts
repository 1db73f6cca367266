/** A service group's end. */
import type { Platform, Service } from "../registry";
import { deleteService } from "../store/services";

/** Closes a service group's ports and forgets it. The caller has looked that nothing needs it. */
export function removeServiceGroup(platform: Platform, { record, proxy, autokill, scaler }: Service): void {
  const { uuid, name } = record;
  deleteService(platform.parts.database, uuid);
  autokill?.abort();
  scaler?.stop();
  platform.services.delete(uuid);
  proxy.close();
  platform.parts.log.write("service.deleted", { uuid, name });
}
