/** The instances of a service: what is there, and how one goes. */
import { type Client, allItems, onlyItem } from "../client/client";
import { ITEM_CODES } from "../contract/codes";
import { type InstanceItem, MAX_DRAIN_MS } from "../contract/models";
import { waitUntilStopped } from "../client/waitForInstance";
import type { CallContext } from "../client/callContext";
import { UnikernelError } from "../base/errors";

/** How long an operation may take that stops an instance: its time to drain comes on top of what is usual. Milliseconds. */
export const timeoutWithDrainMs = (timeoutMs: number, drainTimeoutMs: number): number =>
  (drainTimeoutMs === -1 ? MAX_DRAIN_MS : drainTimeoutMs) + timeoutMs;

/**
 * The managed instances of a service, as they are now.
 *
 * @param unlistedUuids uuids of instances that the service may not list yet
 */
export async function listInstances(
  { client, signal }: Pick<CallContext, "client" | "signal">,
  service: { readonly uuid: string; readonly name: string },
  isManaged: (instance: InstanceItem) => boolean,
  unlistedUuids: Iterable<string> = [],
): Promise<readonly InstanceItem[]> {
  const call = signal === undefined ? {} : { signal };
  const group = onlyItem(
    await client.getServices({ query: { uuid: [service.uuid] } }, call),
    `Reading service '${service.name}'`,
  );
  const uuids = [...new Set([...(group.instances ?? []).map((member) => member.uuid), ...unlistedUuids])];
  if (uuids.length === 0) return [];
  const reply = await client.getInstances({ query: { uuid: uuids } }, call);
  // A member may be deleted between the two answers.
  return reply.items.filter((item) => item.status !== "error" && item.state !== "deleted" && isManaged(item));
}

/** How an instance may go. Milliseconds. */
interface DrainOptions {
  /** Open connections get so long to finish; -1 is as long as the metro allows. */
  readonly drainTimeoutMs: number;
  /** Beyond that its guest gets so long to shut down. */
  readonly timeoutMs: number;
}

/** Stops an instance cleanly, gives open connections their time to finish, and deletes it. One that is gone is fine. */
export async function drainAndDelete(context: CallContext, uuid: string, options: DrainOptions): Promise<void> {
  const { drainTimeoutMs } = options;
  const drainFor = drainTimeoutMs === 0 ? {} : { drain_timeout_ms: drainTimeoutMs };
  const reply = await context.client.stopInstances({ body: [{ uuid, ...drainFor }] });
  if (reply.items[0]?.error !== ITEM_CODES.NotFound) onlyItem(reply, `Stopping instance '${uuid}'`);
  await deleteOnceStopped(context, uuid, options);
}

/** Waits for an instance that is stopping, and deletes it. One that does not stop is deleted all the same, which ends it by force. */
export async function deleteOnceStopped(
  { client, clock, signal }: CallContext,
  uuid: string,
  { drainTimeoutMs, timeoutMs }: DrainOptions,
): Promise<void> {
  const options = { timeoutMs: timeoutWithDrainMs(timeoutMs, drainTimeoutMs), clock, signal };
  await waitUntilStopped(client, uuid, options).catch((error: unknown) => {
    if (!UnikernelError.has(error, "WAIT_TIMEOUT")) throw error;
  });
  await deleteInstances(client, [uuid]);
}

/** Deletes at once; what is already gone is fine. Throws what {@link onlyItem} and {@link allItems} throw: others may be gone then. */
export async function deleteInstances(client: Client, uuids: readonly string[]): Promise<void> {
  const [uuid] = uuids;
  if (uuid === undefined) return;
  const answer = await client.deleteInstances({ body: uuids.map((one) => ({ uuid: one })) });
  const items = answer.items.map((item, index) => ({
    ...{ uuid: uuids[index] }, // a failed item need not name its object
    ...item,
    ...(item.error === ITEM_CODES.NotFound ? { status: "success" as const } : {}),
  }));
  const reply = { ...answer, items };
  if (uuids.length === 1) onlyItem(reply, `Deleting instance '${uuid}'`);
  else allItems(reply, `Deleting ${uuids.length} instances`);
}
