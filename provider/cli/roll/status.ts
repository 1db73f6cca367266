/** `unikernel roll status` */
import { parseArguments } from "../../base/commandLineOptions";
import type { CallContext } from "../../client/callContext";
import type { ServiceItem } from "../../contract/models";
import { candidateName } from "../../rollout/candidate/group";
import { describeHolder, holderOf, runsHere, type ServiceReference } from "../../rollout/lock/holder";
import { findLock } from "../../rollout/lock/object";
import { listInstances } from "../../rollout/members/instances";
import { countOf } from "../../base/formatNumber";
import { countReplicas } from "../../rollout/progress/describe";
import { isManaged, isRetired } from "../../resources/service/wire";
import { describeMember, toMembers } from "./members";
import { describePhase, phaseOf } from "./phase";
import { onlyService, readRolledService } from "./rolledService";

/** Who rolls the service out, and since when. The lock does not say by which strategy. */
async function describeLock(lock: ServiceItem, service: ServiceItem) {
  const holder = holderOf(lock);
  return {
    stack: holder?.stackName ?? "",
    pid: holder?.pid,
    isOnThisMachine: holder !== undefined && (await runsHere(holder, service)),
    since: lock.created_at,
  };
}

/** True if there is a group in which a candidate of this service has to pass the gate. */
async function findsCandidate({ client }: Pick<CallContext, "client">, service: ServiceReference): Promise<boolean> {
  const name = [candidateName(service), candidateName(service, true)];
  return (await client.getServices({ query: { name } })).items.some(({ status }) => status !== "error");
}

/**
 * Shows who rolls a service out, where the rollout is, and which replicas have the newest template. Takes the name of the service, or
 * that of its resource. With `--json` one object with `service`, `metro`, `rollout` (null if none runs), `phase` and `members`. Throws
 * `INPUT_INVALID` without one name, `NOT_FOUND` without such a service.
 */
export async function rollStatus(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { metro: "list", json: "switch" });
  const name = onlyService("status", operands);
  const { context, service, description, metro } = await readRolledService(name, options.metro.at(-1));
  const lock = await findLock(context, service);
  const members = toMembers(await listInstances(context, service, (one) => isManaged(one) || isRetired(one)));
  const hasCandidate = lock !== undefined && (await findsCandidate(context, service));
  const phase = phaseOf({ isRunning: lock !== undefined, hasCandidate, members });
  if (options.json) {
    const rollout = lock === undefined ? null : await describeLock(lock, service);
    return JSON.stringify(
      { service: service.name, metro: context.client.metro, rollout, phase, members },
      undefined,
      2,
    );
  }
  const holder = lock === undefined ? undefined : await describeHolder(lock, service);
  const [newest, others] = [members.filter(({ isNewest }) => isNewest), members.filter(({ isNewest }) => !isNewest)];
  const sentence = describePhase(phase, members);
  return [
    holder === undefined
      ? `No rollout of ${description} is running.`
      : `A rollout of ${description} is held by ${holder}.`,
    ...(sentence === "" ? [] : [sentence]),
    `${countReplicas(members.length)}, ${countOf(newest.length, "replica")} of the newest template, ${others.length} of others.`,
    ...(newest.length === 0 ? [] : ["  newest template:", ...newest.map(describeMember)]),
    ...(others.length === 0 ? [] : ["  other templates:", ...others.map(describeMember)]),
    ...(lock === undefined
      ? []
      : [`'npx unikernel roll stop ${service.name} --metro ${metro}' ends it before its next step.`]),
  ].join("\n");
}
