/** The temporary service group of a candidate, and the candidate itself: their names, requests and removal. */
import * as crypto from "node:crypto";
import { omitUndefined } from "../../base/objects";
import { type CallContext, callOptions } from "../../client/callContext";
import { onlyItem } from "../../client/client";
import { createOrRecover } from "../../client/transport/createOrRecover";
import { ITEM_CODES } from "../../contract/codes";
import type { CreateInstanceRequest, ServiceItem, ServicePort } from "../../contract/models";
import { deleteInstances, findInstance } from "../members/instances";

/** When the platform removes what a killed process left: an empty group, a candidate that has stopped, and one that still runs. */
export const ABANDONED_AFTER_MS = 600_000;
/** Between two attempts to delete a group whose instance is still being deleted. */
const RETRY_MS = 200;
/** 10 s in all. */
const MAX_DELETIONS = 50;
/** The platform adds nine characters to the name of a group for its domain, whose labels have 63 at most. */
const MAX_STEM_LENGTH = 32;
const HASH_LENGTH = 8;

/** The name of a temporary group of a service: always the same, so that the next rollout finds what a killed one left. */
export const temporaryName = (
  { uuid, name }: { readonly uuid: string; readonly name: string },
  kind: "candidate" | "clone" | "second",
): string => {
  const hash = crypto.createHash("sha256").update(uuid).digest("hex").slice(0, HASH_LENGTH);
  return `${name.slice(0, MAX_STEM_LENGTH)}-${kind}-${hash}`;
};

/** The name of a service's candidate and of its group; of one that becomes a template, a name of its own. */
export const candidateName = (service: { readonly uuid: string; readonly name: string }, isCloned = false): string =>
  temporaryName(service, isCloned ? "clone" : "candidate");

/** The name of the schedule that deletes what a killed process left. */
export const ABANDONED_SCHEDULE = "abandoned";

/** A time as a calendar expression of systemd, in UTC: it occurs once. Whole seconds. */
const onceAt = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

/**
 * The request of a replica as that of the candidate: in another group, and with the end of a candidate instead of what would start or
 * stop a replica. `autokill` alone deletes only an instance that has stopped.
 *
 * @param latestMs when the metro deletes the candidate if nobody does: later than it can be needed. Milliseconds since 1970
 */
export const toCandidateRequest = (
  request: CreateInstanceRequest,
  name: string,
  groupUuid: string,
  latestMs: number,
): CreateInstanceRequest => ({
  ...omitUndefined(request),
  name,
  schedules: [{ name: ABANDONED_SCHEDULE, when: onceAt(latestMs), action: "delete" }],
  service_group: { uuid: groupUuid },
  autokill: { time_ms: ABANDONED_AFTER_MS },
});

/** The ports of a service as a request has them. */
export const toRequestedPorts = (ports: ServiceItem["services"]): ServicePort[] =>
  (ports ?? [])
    .filter(({ protocol = "tcp" }) => protocol === "tcp") // an address has one holder of a UDP port
    .map(({ port, destination_port, handlers }) =>
      omitUndefined({
        port,
        destination_port: destination_port === port ? undefined : destination_port,
        handlers: handlers == null || handlers.length === 0 ? undefined : (handlers as ServicePort["handlers"]),
      }),
    );

/** The group of this name; `undefined` if there is none. Throws as the client does. */
export const findGroup = async (context: CallContext, name: string): Promise<ServiceItem | undefined> => {
  const response = await context.client.getServices({ query: { name: [name] } }, callOptions(context));
  return response.items[0]?.error === ITEM_CODES.NotFound ? undefined : onlyItem(response, `Reading service '${name}'`);
};

/** Creates the group, and returns it with its domain. Throws as the client does. */
export async function createGroup(
  context: CallContext,
  name: string,
  services: ServicePort[],
  attempted: string,
): Promise<ServiceItem> {
  const { client } = context;
  const body = { name, services, autokill: { time_ms: ABANDONED_AFTER_MS } };
  const created = await createOrRecover<ServiceItem>(
    context,
    async () => onlyItem(await client.createService({ body }, callOptions(context)), attempted),
    () => findGroup(context, name),
  );
  return onlyItem(await client.getServices({ query: { uuid: [created.uuid] } }, callOptions(context)), attempted);
}

/**
 * Deletes the candidate and its group by their name; neither need exist.
 *
 * Throws as the client does.
 *
 * @param template uuid of a candidate that became a template, which stays
 */
export async function removeCandidate(context: CallContext, name: string, template?: string): Promise<void> {
  const candidate = await findInstance(context, name);
  if (candidate !== undefined && candidate.uuid !== template) await deleteInstances(context.client, [candidate.uuid]);
  await removeGroup(context, name, template);
}

/** Deletes a temporary group with the instances in it, by its name; it need not exist. Throws as the client does. */
export async function removeGroup(context: CallContext, name: string, template?: string): Promise<void> {
  const { client, clock, signal } = context;
  const group = await findGroup(context, name);
  if (group === undefined) return;
  await deleteInstances(
    client,
    (group.instances ?? []).map(({ uuid }) => uuid).filter((uuid) => uuid !== template),
  );
  for (let deletions = 1; ; deletions++) {
    const response = await client.deleteServices({ body: [{ uuid: group.uuid }] });
    if (response.items[0]?.error === ITEM_CODES.NotFound) return;
    try {
      return void onlyItem(response, `Deleting service '${name}'`);
    } catch (error) {
      // A group is free a moment after its last instance is gone.
      if (response.items[0]?.error !== ITEM_CODES.Attached || deletions === MAX_DELETIONS) throw error;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
