/** Lists, drains and deletes the instances of a service. */
import { type Client, allItems, onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import {
  type CreateInstanceRequest,
  DEFAULT_HALF_CLOSED_TIMEOUT_MS,
  type InstanceItem,
  MAX_DRAIN_MS,
} from "../../contract/models";
import { createOrRecover } from "../../client/transport/createOrRecover";
import { waitUntilStopped } from "../../client/waitForInstance";
import { type CallContext, callOptions } from "../../client/callContext";
import { UnikernelError } from "../../base/errors";
import { omitUndefined } from "../../base/objects";
import type { DrainCounts } from "./drainCounts";
import { observeDrain } from "./drainObserver";

/** Timeout of an operation that stops an instance, in milliseconds: its drain timeout is added to the usual one. */
export const timeoutWithDrainMs = (timeoutMs: number, drainTimeoutMs: number): number =>
  (drainTimeoutMs === -1 ? MAX_DRAIN_MS : drainTimeoutMs) + timeoutMs;

/** The instance with this name; `undefined` if there is none. */
export async function findInstance(context: CallContext, name: string): Promise<InstanceItem | undefined> {
  const { items } = await context.client.getInstances({ query: { name: [name] } }, callOptions(context));
  return items.find(({ status, state }) => status !== "error" && state !== "deleted");
}

/**
 * Creates an instance with a unique name, and returns its uuid. Throws as the client does.
 *
 * @param attempted subject of error messages, such as `Creating instance 'web-1' of service 'web'`
 */
export async function createInstance(
  context: CallContext,
  body: CreateInstanceRequest,
  attempted: string,
): Promise<string> {
  const { name = "" } = body;
  const created = await createOrRecover(
    context,
    async () => onlyItem(await context.client.createInstance({ body }, callOptions(context)), attempted),
    () => findInstance(context, name),
  );
  return created.uuid;
}

/** The error of a new instance that runs another image. */
export const wrongImageError = ({ name, image = "(none)" }: InstanceItem): UnikernelError =>
  new UnikernelError("IMAGE_MISMATCH", `Instance '${name}' runs image ${image}, not the requested one.`);

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
  /** How long a half-closed connection may pass no byte. Default: {@link DEFAULT_HALF_CLOSED_TIMEOUT_MS}. */
  readonly halfClosedTimeoutMs?: number | undefined;
  /** How long the guest may then take to shut down. */
  readonly timeoutMs: number;
}

/** The part of an instance that a drain needs. */
type Drained = Pick<InstanceItem, "uuid" | "rotation">;

/**
 * The fields of a stop request that drains open connections first; none for a drain timeout of 0. Only a metro with the feature
 * `rotation` has a limit for half-closed connections, and reports the rotation of the members of a service.
 */
export function drainFields(
  { rotation }: Drained,
  { drainTimeoutMs, halfClosedTimeoutMs = DEFAULT_HALF_CLOSED_TIMEOUT_MS }: Omit<DrainOptions, "timeoutMs">,
) {
  if (drainTimeoutMs === 0) return {};
  const limit = rotation === undefined ? undefined : halfClosedTimeoutMs;
  return omitUndefined({ drain_timeout_ms: drainTimeoutMs, half_closed_timeout_ms: limit });
}

/** Drains open connections, stops the instance, and waits until it has stopped. Throws `WAIT_TIMEOUT` when the signal aborts. */
export async function stopInstance(
  { client, clock, signal }: CallContext,
  instance: Drained & Pick<InstanceItem, "name">,
  drainTimeoutMs: number,
): Promise<void> {
  const { uuid, name } = instance;
  const response = await client.stopInstances({ body: [{ uuid, ...drainFields(instance, { drainTimeoutMs }) }] });
  onlyItem(response, `Stopping instance '${name}'`);
  await waitUntilStopped(client, uuid, { clock, signal });
}

/**
 * Drains open connections, stops the instance, and deletes it. An instance that no longer exists is not an error. Returns what became
 * of the connections; `undefined` if it is not known.
 */
export async function drainAndDelete(
  context: CallContext,
  instance: Drained,
  options: DrainOptions,
): Promise<DrainCounts | undefined> {
  const { uuid } = instance;
  const response = await context.client.stopInstances({ body: [{ uuid, ...drainFields(instance, options) }] });
  if (response.items[0]?.error === ITEM_CODES.NotFound) {
    await deleteOnceStopped(context, uuid, options);
    return undefined;
  }
  const observer = observeDrain(context, onlyItem(response, `Stopping instance '${uuid}'`), options.drainTimeoutMs);
  await stopOrTimeOut(context, uuid, options);
  const counts = await observer.counts();
  await deleteInstances(context.client, [uuid]);
  return counts;
}

/** Waits for a stopping instance, then deletes it. After the timeout it is deleted anyway, which kills its VM. */
export async function deleteOnceStopped(context: CallContext, uuid: string, options: DrainOptions): Promise<void> {
  await stopOrTimeOut(context, uuid, options);
  await deleteInstances(context.client, [uuid]);
}

async function stopOrTimeOut(
  { client, clock, signal }: CallContext,
  uuid: string,
  { drainTimeoutMs, timeoutMs }: DrainOptions,
): Promise<void> {
  const options = { timeoutMs: timeoutWithDrainMs(timeoutMs, drainTimeoutMs), clock, signal };
  await waitUntilStopped(client, uuid, options).catch((error: unknown) => {
    if (!UnikernelError.has(error, "WAIT_TIMEOUT")) throw error;
  });
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
