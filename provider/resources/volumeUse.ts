/** Who uses a volume, for what cannot be done while somebody does. */
import { onlyItem } from "../api/client";
import { ITEM_CODES } from "../api/codes";
import { UnikernelError, blame } from "../base/errors";
import type { ProviderContext } from "./context";

/** A deleted instance lets go of its volumes a little later; so long between two looks. */
const RELEASE_POLL_MS = 500;

/** The instances that have a volume attached and still exist, as a list for a sentence; empty when there is none. */
async function usersOf({ client }: ProviderContext, id: string): Promise<string> {
  const volume = onlyItem(await client.getVolumes({ query: { uuid: [id] } }), `Reading volume '${id}'`);
  const uuids = (volume.attached_to ?? []).map(({ uuid }) => uuid);
  if (uuids.length === 0) return "";
  const { items } = await client.getInstances({ query: { uuid: uuids } });
  const there = items.filter((item) => item.status !== "error" && item.state !== "deleted");
  return there.map(({ name }) => `instance '${name}'`).join(" and ");
}

/** The error of what was refused because a volume is in use, with what to do about the instances; others pass through. */
export async function explainUse(
  context: ProviderContext,
  id: string,
  refused: unknown,
  todo: (instances: string) => string,
): Promise<unknown> {
  if (!UnikernelError.has(refused, "IN_USE", "STATE_CONFLICT")) return refused;
  const users = await usersOf(context, id).catch(() => "");
  return users === "" ? refused : blame(refused, { [refused.code]: { hint: todo(users) } });
}

/**
 * Deletes a volume; one that is gone is fine. One that only deleted instances hold comes free by itself and is waited for.
 *
 * Throws `IN_USE` with the instances that hold it, also when it did not come free within `timeouts.deleteMs`.
 */
export async function deleteOnceFree(context: ProviderContext, id: string, attempted: string): Promise<void> {
  const { client, clock, signal, timeouts } = context;
  const deadline = clock.now() + timeouts.deleteMs;
  for (;;) {
    const reply = await client.deleteVolumes({ body: [{ uuid: id }] });
    const error = reply.items[0]?.error;
    if (error === ITEM_CODES.NotFound) return;
    const isHeld = error === ITEM_CODES.Attached;
    // What holds it cannot always be told; then nothing says that it will come free.
    if (isHeld && clock.now() < deadline && (await usersOf(context, id).catch(() => "somebody")) === "") {
      await clock.sleep(RELEASE_POLL_MS, signal);
      continue;
    }
    try {
      onlyItem(reply, attempted);
      return;
    } catch (refused) {
      throw await explainUse(context, id, refused, (users) => `Take it out of ${users}, or delete that first.`);
    }
  }
}
