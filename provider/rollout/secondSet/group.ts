/** The second set of a service: as many members as it has, in a temporary service group. Its creation, its gate and its removal. */
import { UnikernelError, withErrorContext } from "../../base/errors";
import { type CallContext, callOptions } from "../../client/callContext";
import { allItems } from "../../client/client";
import type { CreateInstanceRequest, InstanceItem, ServiceItem } from "../../contract/models";
import {
  ABANDONED_AFTER_MS,
  ABANDONED_SCHEDULE,
  createGroup,
  findGroup,
  removeGroup,
  temporaryName,
  toCandidateRequest,
  toRequestedPorts,
} from "../candidate/group";
import { probeThroughGroup } from "../candidate/probe";
import { routesOf } from "../candidate/route";
import { type CandidateGate, untilPassed } from "../candidate/untilPassed";
import { createInstance, drainAndDelete, getExistingInstances } from "../members/instances";
import { hasPassed } from "../members/readiness";
import { pause } from "../waiting";
import type { SecondSetOptions } from "./options";

/** The name of the second set's group, and of its members without their number: always the same. */
export const secondSetName = (service: { readonly uuid: string; readonly name: string }): string =>
  temporaryName(service, "second");

/** The group of a second set that a killed rollout left; `undefined` if there is none. */
export const findSecondSet = (
  context: CallContext,
  service: Pick<ServiceItem, "uuid" | "name">,
): Promise<ServiceItem | undefined> => findGroup(context, secondSetName(service));

const QUOTA_HINT =
  "The strategy 'blueGreen' needs as many more instances as the service has, and one more service group, in this metro. Delete what is not used, or get a larger quota.";

/**
 * Launches the set. Until {@link keepRunning}, the metro deletes its members by itself if this process is killed. Returns the group.
 *
 * Throws as the client does.
 */
export async function launchSecondSet(options: SecondSetOptions): Promise<ServiceItem> {
  const { service, policy, clock } = options;
  const name = secondSetName(service);
  const attempted = `Creating the second set of service '${service.name}'`;
  try {
    const group = await createGroup(options, name, toRequestedPorts(service.services), attempted);
    const latestMs = clock.now() + policy.desired * policy.healthyWithinMs + policy.stableForMs + ABANDONED_AFTER_MS;
    const requestOf = (index: number): CreateInstanceRequest =>
      toCandidateRequest(options.createRequest(), `${name}-${index}`, group.uuid, latestMs);
    for (let index = 1; index <= policy.desired; index++) {
      await createInstance(options, requestOf(index), attempted);
      options.report("launched", `${index} of ${policy.desired}, in a group of its own`, `${name}-${index}`);
    }
    return (await findGroup(options, name)) ?? group;
  } catch (error) {
    throw withErrorContext(error, { ...options.errorContexts, QUOTA_EXCEEDED: { hint: QUOTA_HINT } });
  }
}

/** Where the group is reached while the domains of the service lead elsewhere. */
export const ownDomain = (group: ServiceItem, isMoved: (fqdn: string) => boolean = () => false): string =>
  ((group.domains ?? []).find(({ fqdn }) => !isMoved(fqdn))?.fqdn ?? "").replace(/\.$/, "");

/**
 * Resolves once each of these members runs, and the gate has passed through the group for each of them; then they have stayed so for
 * `stableForMs`. Throws as the check of a candidate does.
 */
export async function passGate(options: SecondSetOptions, fqdn: string, uuids: readonly string[]): Promise<void> {
  const { policy, service, client, signal } = options;
  const gate = policy.gate ?? {};
  const routes = routesOf(gate, service.services ?? [], client.metro);
  const { healthyWithinMs, readyOnceRunning = false } = policy;
  const settings: CandidateGate = { ...options, gate, healthyWithinMs, readyOnceRunning };
  const probe = () =>
    readyOnceRunning ? Promise.resolve(undefined) : probeThroughGroup(gate, { fqdn, routes }, signal);
  const restarts = new Map<string, number>();
  for (const uuid of uuids) {
    const onWait = (reason: string, instance?: InstanceItem) => options.report("waiting", reason, instance?.name);
    const { instance } = await untilPassed(settings, { uuid, probe, onWait });
    restarts.set(uuid, instance.restart_count ?? 0);
    options.report("ready", `the gate passed`, instance.name);
  }
  if (policy.stableForMs === 0) return;
  await pause(options, policy.stableForMs);
  const now = await getExistingInstances(options, uuids);
  const isStable = ({ uuid, restart_count = 0, ...one }: InstanceItem) =>
    restart_count === restarts.get(uuid) && hasPassed(policy, { uuid, ...one });
  if (now.length === uuids.length && now.every(isStable)) return;
  throw new UnikernelError(
    "OPERATION_FAILED",
    `The second set of service '${service.name}' did not keep running for ${policy.stableForMs / 1000} s.`,
  );
}

/** From now on the metro does not delete the members by itself: the domains of the service lead to them. */
export async function keepRunning(context: CallContext, uuids: readonly string[], attempted: string): Promise<void> {
  if (uuids.length === 0) return;
  const body = uuids.map((uuid) => ({ uuid, prop: "schedules", op: "del", value: [ABANDONED_SCHEDULE] }) as const);
  allItems(await context.client.patchInstances({ body }, callOptions(context)), attempted);
}

/** Lets the connections of the set finish, then deletes it with its group. Throws as the client does. */
export async function endSecondSet(
  context: CallContext,
  group: ServiceItem,
  limits: { readonly drainTimeoutMs: number; readonly timeoutMs: number },
): Promise<void> {
  await Promise.all((group.instances ?? []).map((one) => drainAndDelete(context, one, limits)));
  await removeGroup(context, group.name);
}
