/** Quota usage of the instances of a rollout that are no replicas: a candidate, or a second set. Pure. */
import type { PeakAmount } from "../../../../definition/resource";
import type { RolloutPolicy } from "../../../../rollout/policy";

/** Numbers of replicas before and after an update, and the usage of one of each. */
export interface Replicas {
  readonly had: number;
  readonly desired: number;
  readonly old: Readonly<Record<string, number>>;
  readonly each: Readonly<Record<string, number>>;
}

/** How many old members exist, and run, when the candidate is launched: just before the first new member. */
function besideCandidate({ strategy, desired, maxSurge, maxUnavailable }: RolloutPolicy, had: number) {
  const serving = Math.min(had, Math.max(0, desired - maxUnavailable));
  switch (strategy) {
    case "inPlace":
      return { existing: had, running: serving };
    case "recreate":
      return { existing: 0, running: 0 };
    default: {
      const count = maxSurge > 0 ? Math.min(had, desired + maxSurge - 1) : serving;
      return { existing: count, running: count };
    }
  }
}

/** What the candidate takes; what is stopped does not count toward the live quotas. */
export function candidateIncrease(policy: RolloutPolicy, { had, old, each }: Replicas, quota: string): PeakAmount {
  const { existing, running } = besideCandidate(policy, had);
  const beside = quota.startsWith("live_") ? running : existing;
  const [one, was] = [each[quota] ?? 0, old[quota] ?? 0];
  const amount = one + (beside - had) * was;
  const left = beside === had ? "" : ` − ${had - beside} × ${was}`;
  return { amount, arithmetic: `1 × ${one}${left} = ${amount}`, property: "rollout.gate", reason: "a candidate runs" };
}

/** What the template of clones takes in addition: it stays until the last of them has been launched. */
export function withTemplate(peak: PeakAmount | undefined, { had, desired }: Replicas): PeakAmount {
  const launched = Math.max(0, desired - had);
  const members =
    peak !== undefined && peak.amount >= launched ? peak : { amount: launched, arithmetic: `${launched}` };
  const amount = members.amount + 1;
  const reason = "the template of the clones exists beside the replicas";
  return { amount, arithmetic: `${members.amount} + 1 = ${amount}`, property: "rollout.gate.isolation", reason };
}

/** What a second set takes while the replicas are replaced: old ones are gone then, or stopped and kept. */
export function secondSetIncrease(
  { keepOldForMs }: RolloutPolicy,
  { had, desired, old, each }: Replicas,
  quota: string,
) {
  const [one, was] = [each[quota] ?? 0, old[quota] ?? 0];
  const isKept = keepOldForMs > 0 && !quota.startsWith("live_");
  const amount = 2 * desired * one - (isKept ? 0 : had * was);
  const arithmetic = `2 × ${desired} × ${one}${isKept ? "" : ` − ${had} × ${was}`} = ${amount}`;
  const reason = `a second set and ${isKept ? "all old and new" : "the new"} replicas exist at once`;
  return { amount, arithmetic, property: "rollout.strategy", reason };
}
