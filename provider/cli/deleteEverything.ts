/** Deletes every object of a platform except images. */
import type { Client } from "../client/client";
import { ITEM_CODES } from "../contract/codes";
import { UnikernelError } from "../base/errors";

/** How many objects one request deletes. */
const BATCH_SIZE = 100;
/** Deletes end VMs, which may take their time. */
const SERVER_WAIT_MS = 60_000;

/** Users before what they use. */
const RESOURCE_KINDS = [
  ["instance", "getInstances", "deleteInstances"],
  ["checkpoint", "getCheckpoints", "deleteCheckpoints"],
  ["template", "getTemplates", "deleteTemplates"],
  ["service", "getServices", "deleteServices"],
  ["volume", "getVolumes", "deleteVolumes"],
  ["volume template", "getVolumeTemplates", "deleteVolumeTemplates"],
  ["certificate", "getCertificates", "deleteCertificates"],
] as const;

/** Throws `IN_USE` that names what cannot be deleted, such as what is locked; what was deleted before stays deleted. */
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

/** Instances that autoscale manages cannot be deleted, and would come back. */
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

/** Objects that somebody else deleted meanwhile count as deleted. */
function assertDeleted(kind: string, items: readonly DeletedItem[]): void {
  const failed = items.filter(({ status, error }) => status === "error" && error !== ITEM_CODES.NotFound);
  if (failed.length === 0) return;
  const reasons = failed.map(({ uuid, message }) => `${kind} ${uuid} (${message ?? "no reason given"})`).join(", ");
  throw new UnikernelError("IN_USE", `Some objects could not be deleted: ${reasons}.`, {
    hint: "Remove their delete locks, or delete what uses them, then run this command again.",
  });
}
