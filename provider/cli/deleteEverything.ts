/** Deletes every object of a platform except images. */
import type { Client } from "../client/client";
import { ITEM_CODES } from "../contract/codes";
import { UnikernelError } from "../base/errors";

/** Number of objects per delete request. */
const BATCH_SIZE = 100;
/** Deleting an instance stops its VM, which may take a while. */
const SERVER_WAIT_MS = 60_000;

/** In an order in which no object is deleted before those that use it. */
const RESOURCE_KINDS = [
  ["instance", "getInstances", "deleteInstances"],
  ["checkpoint", "getCheckpoints", "deleteCheckpoints"],
  ["template", "getTemplates", "deleteTemplates"],
  ["service", "getServices", "deleteServices"],
  ["volume", "getVolumes", "deleteVolumes"],
  ["volume template", "getVolumeTemplates", "deleteVolumeTemplates"],
  ["certificate", "getCertificates", "deleteCertificates"],
] as const;

/** Deletes all objects. Throws `IN_USE` with the objects that cannot be deleted, such as locked ones; others stay deleted. */
export async function deleteEverything(client: Client): Promise<void> {
  await deleteAutoscaleConfigurations(client);
  for (const [kind, list, remove] of RESOURCE_KINDS) {
    for (;;) {
      const { items } = await client[list]({ query: { count: BATCH_SIZE } });
      if (items.length === 0) break;
      const body = items.map(({ uuid }) => ({ uuid }));
      assertDeleted(kind, (await client[remove]({ body }, { serverWaitMs: SERVER_WAIT_MS })).items);
    }
  }
}

/** Instances managed by autoscale cannot be deleted, and autoscale would recreate them. */
async function deleteAutoscaleConfigurations(client: Client): Promise<void> {
  const autoscaledServices = (await client.getServices({})).items.filter(({ autoscale }) => autoscale === true);
  for (let at = 0; at < autoscaledServices.length; at += BATCH_SIZE) {
    const body = autoscaledServices.slice(at, at + BATCH_SIZE).map(({ uuid }) => ({ uuid }));
    assertDeleted("autoscale of service", (await client.deleteAutoscale({ body })).items);
  }
}

interface DeletedItem {
  readonly uuid: string;
  readonly status?: string | undefined;
  readonly error?: number | undefined;
  readonly message?: string | undefined;
}

/** Objects that another client deleted in the meantime count as deleted. */
function assertDeleted(kind: string, items: readonly DeletedItem[]): void {
  const failed = items.filter(({ status, error }) => status === "error" && error !== ITEM_CODES.NotFound);
  if (failed.length === 0) return;
  const reasons = failed.map(({ uuid, message }) => `${kind} ${uuid} (${message ?? "no reason reported"})`).join(", ");
  throw new UnikernelError("IN_USE", `Some objects could not be deleted: ${reasons}.`, {
    hint: "Remove their delete locks, or delete the objects that use them, then run this command again.",
  });
}
