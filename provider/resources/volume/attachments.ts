/** Who uses a volume, for what cannot be done while somebody does. */
import { onlyItem } from "../../client/client";
import { UnikernelError, withErrorContext } from "../../base/errors";
import type { ProviderContext } from "../context";
import { listExistingInstances } from "../common/deleteOnceFree";

/** The instances that have a volume attached and still exist, as a list for a sentence; empty when there is none. */
export async function listAttachedInstances(context: ProviderContext, id: string): Promise<string> {
  const volume = onlyItem(await context.client.getVolumes({ query: { uuid: [id] } }), `Reading volume '${id}'`);
  return listExistingInstances(
    context,
    (volume.attached_to ?? []).map(({ uuid }) => uuid),
  );
}

/** The error of a change that was refused because a volume is in use, with what to do about it; others pass through. */
export async function withInUseHint(context: ProviderContext, id: string, refused: unknown): Promise<unknown> {
  if (!UnikernelError.has(refused, "IN_USE", "STATE_CONFLICT")) return refused;
  const users = await listAttachedInstances(context, id).catch(() => "");
  const hint = `Stop ${users} first, run 'pulumi up' again, and start it after that.`;
  return users === "" ? refused : withErrorContext(refused, { [refused.code]: { hint } });
}
