/** What the replicas of a wave's services run, and whether they kept running. Pure. */
import { assessReadiness } from "../../client/waitForInstance";
import type { InstanceItem } from "../../contract/models";
import { TEMPLATE_TAG } from "../service/replicaTags";
import { digestIn } from "../workload/request";

/** The tag of a replica that names its template; `undefined` if it has none. */
const tagOf = ({ tags }: InstanceItem): string | undefined => (tags ?? []).find((tag) => TEMPLATE_TAG.test(tag));

/**
 * The tag of the replicas: `expected`, unless one has another; `undefined` without replicas.
 */
export function runningTag(replicas: readonly InstanceItem[], expected: string | undefined): string | undefined {
  const tags = replicas.map((replica) => tagOf(replica) ?? "");
  return tags.find((tag) => tag !== expected) ?? tags[0];
}

/** `sha256:…` of the replicas that have not the expected tag; `undefined` if all have it. */
export function otherDigest(replicas: readonly InstanceItem[], expected: string | undefined): string | undefined {
  const other = expected === undefined ? undefined : replicas.find((replica) => tagOf(replica) !== expected);
  return other && (digestIn(other.image ?? "") ?? other.image ?? "an unnamed image");
}

/** Why a replica has not kept running since the bake began, as a clause; `undefined` if it has. */
export function memberProblem(before: InstanceItem, now: InstanceItem | undefined): string | undefined {
  const member = `instance '${before.name}'`;
  if (now === undefined) return `${member} is gone`;
  const restarts = (now.restart_count ?? 0) - (before.restart_count ?? 0);
  if (restarts > 0 || (now.restart ?? undefined) !== undefined) return `${member} has restarted`;
  const { outcome, ...rest } = assessReadiness(now);
  return outcome === "failed" && "reason" in rest ? `${member} stopped: ${rest.reason}` : undefined;
}
