/** `unikernel roll status` */
import { parseOptions } from "../../base/commandLineOptions";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { listInstances } from "../../rollout/members/instances";
import { assessReadiness } from "../../client/waitForInstance";
import { describeHolder, holderOf, runsHere } from "../../rollout/lock/holder";
import { findLock } from "../../rollout/lock/object";
import { countOf, countReplicas } from "../../rollout/progress/describe";
import { isManaged, isRetired } from "../../resources/service/wire";
import { taggedTemplate } from "../../resources/service/replicaTags";
import { digestIn } from "../../resources/workload/request";
import { nameIn, readRolledService } from "./rolledService";

/** A replica, as `--json` prints it. */
interface MemberStatus {
  readonly name: string;
  readonly uuid: string;
  /** Empty if the metro does not report it. */
  readonly digest: string;
  /** Made from the template of the replica that was created last. */
  readonly isNewest: boolean;
  readonly state: string;
  /** It passed its gate, whether or not it gets connections. */
  readonly isReady: boolean;
  /** A `blueGreen` rollout keeps it, and it gets no connections. */
  readonly isKept: boolean;
  /** Why it is not ready; empty if it is. */
  readonly reason: string;
}

/** Replicas of one template are told from those of another by their tag, and by the image that runs. */
const templateKey = (item: InstanceItem): string => `${taggedTemplate(item) ?? ""} ${digestIn(item.image ?? "") ?? ""}`;

/** The replicas in the order of their creation. Pure. */
function toMembers(items: readonly InstanceItem[]): readonly MemberStatus[] {
  const sorted = items.toSorted((a, b) => Date.parse(a.created_at ?? "") - Date.parse(b.created_at ?? ""));
  const newest = sorted.findLast((one) => !isRetired(one));
  return sorted.map((item) => {
    const readiness = assessReadiness(item);
    return {
      name: item.name,
      uuid: item.uuid,
      digest: digestIn(item.image ?? "") ?? "",
      isNewest: newest !== undefined && templateKey(item) === templateKey(newest),
      state: item.state ?? "unknown",
      isReady: readiness.outcome === "met",
      isKept: isRetired(item),
      reason: readiness.outcome === "met" ? "" : readiness.reason,
    };
  });
}

function describeMember({ name, digest, state, isReady, isKept, reason }: MemberStatus): string {
  const status = isKept
    ? "kept by blueGreen"
    : isReady
      ? "ready"
      : reason === ""
        ? "not ready"
        : `not ready: ${reason}`;
  return `    ${name}  ${digest === "" ? "digest not reported" : digest.slice(0, 19)}…  ${state}, ${status}`;
}

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

/**
 * Shows who rolls a service out, and which replicas have the newest template. Takes the name of the service, or that of its resource.
 * With `--json` one object with `service`, `metro`, `rollout` (null if none runs) and `members`. Throws `INPUT_INVALID` without a name,
 * `NOT_FOUND` without such a service.
 */
export async function rollStatus(args: readonly string[]): Promise<string> {
  const { name, options } = nameIn("status", args);
  const { metro, json } = parseOptions(options, { metro: "list", json: "switch" });
  const { context, service, description } = await readRolledService(name, metro.at(-1));
  const lock = await findLock(context, service);
  const items = await listInstances(context, service, (one) => isManaged(one) || isRetired(one));
  const members = toMembers(items);
  if (json) {
    const rollout = lock === undefined ? null : await describeLock(lock, service);
    return JSON.stringify({ service: service.name, metro: context.client.metro, rollout, members }, undefined, 2);
  }
  const holder = lock === undefined ? undefined : await describeHolder(lock, service);
  const [newest, others] = [members.filter(({ isNewest }) => isNewest), members.filter(({ isNewest }) => !isNewest)];
  return [
    holder === undefined
      ? `No rollout of ${description} is running.`
      : `A rollout of ${description} is held by ${holder}.`,
    `${countReplicas(members.length)}, ${countOf(newest.length, "replica")} of the newest template, ${others.length} of others.`,
    ...(newest.length === 0 ? [] : ["  newest template:", ...newest.map(describeMember)]),
    ...(others.length === 0 ? [] : ["  other templates:", ...others.map(describeMember)]),
    ...(lock === undefined ? [] : [`'npx unikernel roll stop ${service.name}' ends it before its next step.`]),
  ].join("\n");
}
