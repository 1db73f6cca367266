/** What a rollout needs beside its replicas: its lock, and in a metro that cannot gate members, a candidate or a second set. Pure. */
import type { MetroFeature } from "../../../../contract/models";
import type { RolloutPolicy } from "../../../../rollout/policy";
import { lengthOrZero } from "../../../workload/quotaUsage";

/** The service groups that exist while a rollout runs, besides the service. */
export interface TemporaryUse {
  readonly hasCandidate: boolean;
  /** Who needs them, as a clause; `undefined` if nobody does. */
  readonly reason: string | undefined;
  /** One for each, by quota name of the API. */
  readonly parts: Readonly<Record<"service_groups" | "services", readonly number[]>>;
}

/**
 * The temporary service groups of a rollout.
 *
 * @param features extensions of the API that the metro has
 * @param needs `lock`: the service exists, so somebody else may roll it out, too; `candidate`: replicas of a template launch that have
 *   not passed the gate before; `secondSet`: clients move to a second set
 */
export function temporaryUse(
  policy: Pick<RolloutPolicy, "gate">,
  ports: unknown,
  features: ReadonlySet<string>,
  needs: { readonly lock: boolean; readonly candidate: boolean; readonly secondSet: boolean },
): TemporaryUse {
  const has = (feature: MetroFeature): boolean => features.has(feature);
  const { secondSet } = needs;
  const hasCandidate = !secondSet && needs.candidate && policy.gate !== undefined && !has("readiness-probe");
  const published = Array.isArray(ports)
    ? ports.filter((one) => (one as { protocol?: string }).protocol !== "udp")
    : [];
  const users = [
    ...(needs.lock ? ["a lock"] : []),
    ...(hasCandidate ? ["a candidate"] : []),
    ...(secondSet ? ["a second set"] : []),
  ];
  return {
    hasCandidate,
    reason: users.length === 0 ? undefined : `${users.join(" and ")} ${users.length === 1 ? "exists" : "exist"}`,
    parts: {
      service_groups: users.map(() => 1),
      services: [
        ...(needs.lock ? [has("groups-without-ports") ? 0 : 1] : []),
        ...(hasCandidate || secondSet ? [lengthOrZero(published)] : []),
      ],
    },
  };
}
