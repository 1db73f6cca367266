/** Carries out the steps of a rollout. */
import { allItems, onlyItem } from "../client/client";
import { type CallContext, callOptions } from "../client/callContext";
import { ITEM_CODES } from "../contract/codes";
import type { CreateInstanceRequest, InstanceItem } from "../contract/models";
import { withErrorContext } from "../base/errors";
import type { DrainingItem } from "./members/drainObserver";
import { createInstance, deleteInstances, drainFields } from "./members/instances";
import type { Rollout } from "./rolloutRequest";

type Uuids = readonly string[];

/** `instance 'web-1'` or `2 instances`, for error messages. */
const describe = (uuids: Uuids): string =>
  uuids.length === 1 ? `instance '${uuids[0] ?? ""}'` : `${uuids.length} instances`;

/** Launches one more member. Returns it, and its request. */
export async function launchMember(
  rollout: Rollout,
  rotation: "in" | "out",
): Promise<{ readonly uuid: string; readonly request: CreateInstanceRequest }> {
  const request = { ...rollout.createRequest(), ...(rotation === "out" ? { rotation } : {}) };
  const { name = "" } = request;
  const attempted = `Creating instance '${name}' of service '${rollout.service.name}'`;
  const uuid = await createInstance(rollout, request, attempted).catch((error: unknown) => {
    throw withErrorContext(error, rollout.errorContexts ?? {});
  });
  return { uuid, request };
}

/** One request: these members get connections from now on, and those none. */
export async function switchRotation(rollout: Rollout, admit: Uuids, withdraw: Uuids): Promise<void> {
  const set = (value: "in" | "out") => (uuid: string) => ({ uuid, prop: "rotation", op: "set", value }) as const;
  const body = [...admit.map(set("in")), ...withdraw.map(set("out"))];
  const response = await rollout.client.patchInstances({ body }, callOptions(rollout));
  allItems(response, `Moving the connections of service '${rollout.service.name}' to ${describe(admit)}`);
}

/**
 * Tells members to stop: after their open connections have finished, or at once. Members that are gone are no error. Returns those
 * that drain, as the response has them.
 */
export async function stopMembers(
  rollout: CallContext & Pick<Rollout, "policy">,
  members: readonly InstanceItem[],
  how: "drain" | "force",
): Promise<readonly DrainingItem[]> {
  const { policy, client } = rollout;
  const body = members.map((member) => ({
    uuid: member.uuid,
    ...(how === "force" ? { force: true } : drainFields(member, policy)),
  }));
  const response = await client.stopInstances({ body }, callOptions(rollout));
  const items = response.items.filter(({ error }) => error !== ITEM_CODES.NotFound);
  if (items.length > 0) allItems({ ...response, items }, `Stopping ${describe(members.map(({ uuid }) => uuid))}`);
  return how === "drain" ? items : [];
}

/** Stops members, and leaves it to the platform to delete them later. */
export async function retireMembers(
  rollout: CallContext & Pick<Rollout, "policy" | "retiredTags" | "service">,
  instances: readonly InstanceItem[],
): Promise<void> {
  if (instances.length === 0) return;
  const { client, policy, retiredTags } = rollout;
  if (retiredTags === undefined) throw new Error("A rollout that keeps members needs their tags.");
  const up = instances.filter(({ state }) => state !== "stopped");
  // Tagged last: a rollout that is killed in between leaves old members, which the next one knows.
  if (up.length > 0) await stopMembers(rollout, up, "drain");
  const body = instances.flatMap((instance) => [
    { uuid: instance.uuid, prop: "autokill", op: "set", value: { time_ms: policy.keepOldForMs } } as const,
    { uuid: instance.uuid, prop: "tags", op: "set", value: [...retiredTags(instance)] } as const,
  ]);
  allItems(
    await client.patchInstances({ body }, callOptions(rollout)),
    `Keeping the old instances of service '${rollout.service.name}' for ${policy.keepOldForMs / 1000} s`,
  );
}

/** Deletes members that do not run. */
export const removeMembers = ({ client }: Rollout, uuids: Uuids): Promise<void> => deleteInstances(client, uuids);

/** Gives a stopped member the current template, and starts it. */
export async function restartMember(rollout: Rollout, instance: InstanceItem): Promise<void> {
  if (rollout.applyTemplate === undefined) throw new Error("A rollout in place needs a way to change its members.");
  await rollout.applyTemplate(instance);
  onlyItem(
    await rollout.client.startInstances({ body: [{ uuid: instance.uuid }] }, callOptions(rollout)),
    `Starting instance '${instance.name}'`,
  );
}
