/** Deletes an object that may still be in use. An object held only by deleted instances becomes free shortly after. */
import { type Reply, onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { RouteName } from "../../contract/routes";
import { withErrorContext } from "../../base/errors";
import { hasTimedOut } from "../../base/timeout";
import { getExistingInstances } from "../../rollout/members/instances";
import type { ProviderContext } from "../context";
import { instanceList } from "./reference";

/** Time between two attempts. */
const POLL_MS = 500;

/** A deletion. */
export interface DeletionOptions<K extends RouteName> {
  /** Subject of error messages, such as `Deleting volume 'data'`. */
  readonly attempted: string;
  /** Sends the request. */
  readonly sendDelete: (context: ProviderContext) => Promise<Reply<K>>;
  /** Its existing users, as a list for a sentence; empty if there are none, which means that it becomes free soon. */
  readonly findHolders: (context: ProviderContext) => Promise<string>;
  /** The hint of `IN_USE`, from these users. */
  readonly toHint: (holders: string) => string;
}

/** Those of the instances that still exist, as a list for a sentence; empty if none does. */
export const listExistingInstances = async (context: ProviderContext, uuids: readonly string[]): Promise<string> =>
  instanceList(await getExistingInstances(context, uuids));

/**
 * Deletes the object. Succeeds if it no longer exists; retries while only deleted instances hold it.
 *
 * Throws `IN_USE` if others use it (the hint names them), or if it is still held when the context times out.
 */
export async function deleteOnceFree<K extends RouteName>(
  context: ProviderContext,
  options: DeletionOptions<K>,
): Promise<void> {
  for (;;) {
    const reply = await options.sendDelete(context);
    const code = (reply.items[0] as { error?: number } | undefined)?.error;
    if (code === ITEM_CODES.NotFound) return;
    // If the holders cannot be read, do not assume that it becomes free.
    const holders =
      code === ITEM_CODES.Attached ? await options.findHolders(context).catch(() => undefined) : undefined;
    try {
      if (holders === "" && (await sleepWithin(context))) continue;
      onlyItem(reply, options.attempted);
      return;
    } catch (error) {
      throw withErrorContext(error, holders ? { IN_USE: { hint: options.toHint(holders) } } : {});
    }
  }
}

/** Sleeps between two attempts; false if the context timed out. */
async function sleepWithin({ clock, signal }: ProviderContext): Promise<boolean> {
  try {
    await clock.sleep(POLL_MS, signal);
    return true;
  } catch (error) {
    if (hasTimedOut(signal)) return false;
    throw error;
  }
}
