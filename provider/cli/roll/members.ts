/** The replicas of a service, as `unikernel roll status` shows them. Pure. */
import { assessReadiness } from "../../client/waitForInstance";
import type { InstanceItem } from "../../contract/models";
import { isRetired } from "../../resources/service/wire";
import { taggedTemplate } from "../../resources/service/replicaTags";
import { digestIn } from "../../resources/workload/request";

/** A replica, as `--json` prints it. */
export interface MemberStatus {
  readonly name: string;
  readonly uuid: string;
  /** Empty if the metro does not report it. */
  readonly digest: string;
  /** Made from the template of the replica that was created last. */
  readonly isNewest: boolean;
  readonly state: string;
  /** It passed its gate, whether or not it gets connections. */
  readonly isReady: boolean;
  /** It gets no new connections and finishes the open ones, or it is being stopped. */
  readonly isLeaving: boolean;
  /** A `blueGreen` rollout keeps it, and it gets no connections. */
  readonly isKept: boolean;
  /** Why it is not ready; empty if it is. */
  readonly reason: string;
}

/** Replicas of one template are told from those of another by their tag, and by the image that runs. */
const templateKey = (item: InstanceItem): string => `${taggedTemplate(item) ?? ""} ${digestIn(item.image ?? "") ?? ""}`;

/** The replicas in the order of their creation. */
export function toMembers(items: readonly InstanceItem[]): readonly MemberStatus[] {
  const sorted = items.toSorted((a, b) => Date.parse(a.created_at ?? "") - Date.parse(b.created_at ?? ""));
  const newest = sorted.findLast((one) => !isRetired(one));
  return sorted.map((item) => {
    const isNewest = newest !== undefined && templateKey(item) === templateKey(newest);
    const isStopping = item.state === "stopping" || item.state === "draining";
    const readiness = assessReadiness(item);
    const isReady = readiness.outcome === "met";
    return {
      name: item.name,
      uuid: item.uuid,
      digest: digestIn(item.image ?? "") ?? "",
      isNewest,
      state: item.state ?? "unknown",
      isReady,
      isLeaving: !isRetired(item) && (isStopping || (!isNewest && isReady && item.rotation === "out")),
      isKept: isRetired(item),
      reason: isReady ? "" : isStopping ? `it is ${item.state ?? "stopping"}` : readiness.reason,
    };
  });
}

/** The line of a replica. */
export function describeMember(member: MemberStatus): string {
  const { name, digest, state } = member;
  return `    ${name}  ${digest === "" ? "digest not reported" : `${digest.slice(0, 19)}…`}  ${state}${describeStatus(member)}`;
}

function describeStatus({ isKept, isLeaving, isReady, state, reason }: MemberStatus): string {
  if (isKept) return ", kept by blueGreen";
  if (isLeaving) return state === "running" || state === "standby" ? ", finishing its connections" : "";
  if (isReady) return ", ready";
  return reason === "" ? ", not ready" : `, not ready: ${reason}`;
}
