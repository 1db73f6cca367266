/** Deletes what others may still use: what only deleted instances hold comes free by itself, a little later. */
import { type Reply, onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { RouteName } from "../../contract/routes";
import { withErrorContext } from "../../base/errors";
import { hasTimedOut } from "../../base/timeout";
import type { ProviderContext } from "../context";

/** So long between two attempts. */
const POLL_MS = 500;

/** What is to be deleted. */
export interface DeletionOptions<K extends RouteName> {
  /** Completes the sentence of an error, such as `Deleting volume 'data'`. */
  readonly attempted: string;
  /** Asks the API for it. */
  readonly sendDelete: (context: ProviderContext) => Promise<Reply<K>>;
  /** Who uses it and will not let go by itself, as a list for a sentence; empty when there is nobody. */
  readonly findHolders: (context: ProviderContext) => Promise<string>;
  /** What to do about them. */
  readonly toHint: (holders: string) => string;
}

/** The instances among these that still exist, as a list for a sentence. */
export async function listExistingInstances({ client }: ProviderContext, uuids: readonly string[]): Promise<string> {
  if (uuids.length === 0) return "";
  const { items } = await client.getInstances({ query: { uuid: [...uuids] } });
  const existing = items.filter((item) => item.status !== "error" && item.state !== "deleted");
  return existing.map(({ name }) => `instance '${name}'`).join(" and ");
}

/**
 * Deletes it; what is gone is fine, and what comes free by itself is waited for.
 *
 * Throws `IN_USE` with those who use it, also when it did not come free by the deadline.
 */
export async function deleteOnceFree<K extends RouteName>(
  context: ProviderContext,
  options: DeletionOptions<K>,
): Promise<void> {
  for (;;) {
    const reply = await options.sendDelete(context);
    const code = (reply.items[0] as { error?: number } | undefined)?.error;
    if (code === ITEM_CODES.NotFound) return;
    // Without the holders, nothing says that it will come free.
    const holders =
      code === ITEM_CODES.Attached ? await options.findHolders(context).catch(() => undefined) : undefined;
    try {
      if (holders === "" && (await sleepWithin(context))) continue;
      onlyItem(reply, options.attempted);
      return;
    } catch (refused) {
      throw withErrorContext(refused, holders ? { IN_USE: { hint: options.toHint(holders) } } : {});
    }
  }
}

/** Pauses between two attempts; false when the time is up. */
async function sleepWithin({ clock, signal }: ProviderContext): Promise<boolean> {
  try {
    await clock.sleep(POLL_MS, signal);
    return true;
  } catch (error) {
    if (hasTimedOut(signal)) return false;
    throw error;
  }
}
