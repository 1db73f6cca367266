/** Reads and removes the lock of a service. */
import { onlyItem } from "../../client/client";
import { type CallContext, callOptions } from "../../client/callContext";
import { ITEM_CODES } from "../../contract/codes";
import type { ServiceItem } from "../../contract/models";
import { rolloutLockName } from "../../contract/rolloutLock";
import type { ServiceReference } from "./holder";

/** The lock of a service; `undefined` if nobody holds it. Throws as the client does. */
export async function findLock(
  context: Pick<CallContext, "client" | "signal">,
  service: ServiceReference,
): Promise<ServiceItem | undefined> {
  const query = { name: [rolloutLockName(service.uuid)] };
  const response = await context.client.getServices({ query }, callOptions(context));
  if (response.items[0]?.error === ITEM_CODES.NotFound) return undefined;
  return onlyItem(response, `Reading the lock of service '${service.name}'`);
}

/** Removes a lock. One that is gone is not an error. */
export async function deleteLock(
  { client }: Pick<CallContext, "client">,
  service: ServiceReference,
  uuid: string,
): Promise<void> {
  const response = await client.deleteServices({ body: [{ uuid }] });
  if (response.items[0]?.error !== ITEM_CODES.NotFound)
    onlyItem(response, `Removing the lock of service '${service.name}'`);
}
