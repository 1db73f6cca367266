/** Quota usage of a service while it rolls a changed template out. Pure. */
import type { Properties, UpdatePeak } from "../../../definition/resource";
import { containsUnknown, isUnknown } from "../../../definition/unknowns";
import type { Workload } from "../../workload/inputs";
import { numberOrZero, workloadQuotaUsage } from "../../workload/quotaUsage";
import { fingerprint } from "../../workload/request";
import type { PublishedPort } from "../ports";
import type { RolloutInput } from "./input";
import { restartsReplicas } from "../reload/describe";
import { toRolloutPolicy } from "./policy";

const isTemplate = (template: unknown): template is Partial<Workload> & Properties =>
  template !== null && typeof template === "object" && !isUnknown(template);

/**
 * The largest usage while an update replaces `had` members by `desired` ones. It is largest when all extra members run beside the old
 * ones, or, if new members need more than old ones, when only extra old ones are left.
 */
function increase(had: number, old: number, desired: number, each: number, extra: number) {
  const launched = Math.max(0, desired + extra - had);
  const first = { amount: launched * each, arithmetic: `${launched} × ${each} = ${launched * each}` };
  const left = Math.min(extra, had);
  const last = desired * each + left * old - had * old;
  return last <= first.amount
    ? first
    : { amount: last, arithmetic: `${desired} × ${each} + ${left} × ${old} − ${had} × ${old} = ${last}` };
}

/** The additional quota usage of a rollout; `undefined` if the update has none, or if it is not certain to roll. */
export function rolloutPeak(olds: Properties, news: Properties): UpdatePeak | undefined {
  const { template: before, replicas: had } = olds;
  const { template, rollout, ports, replicas } = news;
  if (!isTemplate(before) || !isTemplate(template) || containsUnknown([template, rollout, replicas])) return undefined;
  const restarts = !containsUnknown(news["reloadOn"]) && restartsReplicas(olds, news);
  if (fingerprint(before) === fingerprint(template) && !restarts) return undefined;
  const [oldCount, desired] = [numberOrZero(had), numberOrZero(replicas)];
  const policy = toRolloutPolicy(
    desired,
    { volumes: template.volumes ?? [] },
    rollout as RolloutInput,
    containsUnknown(ports) ? [] : (ports as readonly PublishedPort[]),
  );
  const isBlueGreen = policy.strategy === "blueGreen";
  const extra = isBlueGreen ? oldCount : policy.maxSurge;
  if (extra === 0 || oldCount === 0 || desired === 0) return undefined;
  const [old, each] = [workloadQuotaUsage(before, true), workloadQuotaUsage(template, true)];
  const quotas = Object.keys(each).map((quota) => [
    quota,
    increase(oldCount, old[quota] ?? 0, desired, each[quota] ?? 0, extra),
  ]);
  const total = Math.max(oldCount, desired + extra);
  return {
    property: isBlueGreen ? "rollout.strategy" : "rollout.maxSurge",
    reason: isBlueGreen
      ? `${desired} new and ${oldCount} old replicas run at once`
      : `up to ${total} replicas run at once (${desired} and ${extra} extra)`,
    quotas: Object.fromEntries(quotas) as UpdatePeak["quotas"],
  };
}
