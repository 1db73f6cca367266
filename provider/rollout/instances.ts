/** Lists, drains and deletes the instances of a service. */
import { type Client, allItems, onlyItem } from "../client/client";
import { ITEM_CODES } from "../contract/codes";
import { type InstanceItem, MAX_DRAIN_MS } from "../contract/models";
import { waitUntilStopped } from "../client/waitForInstance";
import type { CallContext } from "../client/callContext";
import { UnikernelError } from "../base/errors";

/** Timeout of an operation that stops an instance, in milliseconds: its drain timeout is added to the usual one. */
export const timeoutWithDrainMs = (timeoutMs: number, drainTimeoutMs: number): number =>
  (drainTimeoutMs === -1 ? MAX_DRAIN_MS : drainTimeoutMs) + timeoutMs;

/** Those of the instances that still exist. Sends no request for an empty list. */
export async function getExistingInstances(
  { client, signal }: Pick<CallContext, "client" | "signal">,
  uuids: readonly string[],
): Promise<readonly InstanceItem[]> {
  if (uuids.length === 0) return [];
  const { items } = await client.getInstances({ query: { uuid: [...uuids] } }, signal === undefined ? {} : { signal });
  return items.filter(({ status, state }) => status !== "error" && state !== "deleted");
}

/**
 * The current managed instances of a service.
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
  // An instance may be deleted between the two requests.
  return (await getExistingInstances({ client, signal }, uuids)).filter(isManaged);
}

/** Limits of draining an instance, in milliseconds. */
interface DrainOptions {
  /** How long open connections may take to finish; -1 means as long as the metro allows. */
  readonly drainTimeoutMs: number;
  /** How long the guest may then take to shut down. */
  readonly timeoutMs: number;
}

/** The field of a stop request that drains open connections first; none for 0. */
const drainField = (drainTimeoutMs: number): { readonly drain_timeout_ms?: number } =>
  drainTimeoutMs === 0 ? {} : { drain_timeout_ms: drainTimeoutMs };

/** Drains open connections, stops the instance, and waits until it has stopped. Throws `WAIT_TIMEOUT` when the signal aborts. */
export async function stopInstance(
  { client, clock, signal }: CallContext,
  { uuid, name }: { readonly uuid: string; readonly name: string },
  drainTimeoutMs: number,
): Promise<void> {
  const response = await client.stopInstances({ body: [{ uuid, ...drainField(drainTimeoutMs) }] });
  onlyItem(response, `Stopping instance '${name}'`);
  await waitUntilStopped(client, uuid, { clock, signal });
}

/** Drains open connections, stops the instance, and deletes it. An instance that no longer exists is not an error. */
export async function drainAndDelete(context: CallContext, uuid: string, options: DrainOptions): Promise<void> {
  const response = await context.client.stopInstances({ body: [{ uuid, ...drainField(options.drainTimeoutMs) }] });
  if (response.items[0]?.error !== ITEM_CODES.NotFound) onlyItem(response, `Stopping instance '${uuid}'`);
  await deleteOnceStopped(context, uuid, options);
}

/** Waits for a stopping instance, then deletes it. After the timeout it is deleted anyway, which kills its VM. */
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

/**
 * Deletes instances without draining. One that no longer exists is not an error. Throws as {@link onlyItem} and
 * {@link allItems} do; the other instances may be deleted then.
 */
export async function deleteInstances(client: Client, uuids: readonly string[]): Promise<void> {
  const [uuid] = uuids;
  if (uuid === undefined) return;
  const response = await client.deleteInstances({ body: uuids.map((one) => ({ uuid: one })) });
  const items = response.items.map((item, index) => ({
    ...{ uuid: uuids[index] }, // a failed item need not name its object
    ...item,
    ...(item.error === ITEM_CODES.NotFound ? { status: "success" as const } : {}),
  }));
  const adjusted = { ...response, items };
  if (uuids.length === 1) onlyItem(adjusted, `Deleting instance '${uuid}'`);
  else allItems(adjusted, `Deleting ${uuids.length} instances`);
}
