/** Quota usage of a service while it rolls a changed template out. Pure. */
import { LOCAL_FEATURES } from "../../../../contract/models";
import type { PeakAmount, Properties, UpdatePeak } from "../../../../definition/resource";
import { containsUnknown, isUnknown } from "../../../../definition/unknowns";
import type { RolloutPolicy } from "../../../../rollout/policy";
import type { Workload } from "../../../workload/inputs";
import { lengthOrZero, numberOrZero, workloadQuotaUsage } from "../../../workload/quotaUsage";
import { fingerprint } from "../../../workload/request";
import type { PublishedPort } from "../../ports";
import { type Replicas, candidateIncrease, secondSetIncrease, withTemplate } from "./extraUse";
import type { RolloutInput } from "../input";
import { restartsReplicas } from "../../reload/describe";
import { exclusiveVolume, movesDomains, toRolloutPolicy } from "../policy";
import { isSameGate } from "../gateInput";
import { temporaryUse } from "./temporaryUse";

type Template = Partial<Workload> & Properties;
const isTemplate = (template: unknown): template is Template =>
  template !== null && typeof template === "object" && !isUnknown(template);

/**
 * The largest usage while an update replaces `had` members by `desired` ones. It is largest when all extra members run beside the old
 * ones, or, if new members need more than old ones, when only extra old ones are left.
 */
function increase(had: number, old: number, desired: number, each: number, extra: number): PeakAmount {
  const launched = Math.max(0, desired + extra - had);
  const first = { amount: launched * each, arithmetic: `${launched} × ${each} = ${launched * each}` };
  const left = Math.min(extra, had);
  const last = desired * each + left * old - had * old;
  return last <= first.amount
    ? first
    : { amount: last, arithmetic: `${desired} × ${each} + ${left} × ${old} − ${had} × ${old} = ${last}` };
}

/** What is published or grouped more than before, and for a while. */
function groupIncrease(planned: number, parts: readonly number[], reason: string, property: string): PeakAmount {
  const summands = [...(planned === 0 ? [] : [planned]), ...parts];
  const amount = summands.reduce((sum, one) => sum + one, 0);
  const sum = summands.join(" + ").replaceAll("+ -", "− ");
  const arithmetic = summands.length === 1 ? sum : `${sum} = ${amount}`;
  return { amount, arithmetic, reason, property };
}

/** The increase by the members alone; `undefined` if the update has none. */
function memberIncrease(policy: RolloutPolicy, { had, desired, old, each }: Replicas): UpdatePeak | undefined {
  const isBlueGreen = policy.strategy === "blueGreen";
  const extra = isBlueGreen ? had : policy.maxSurge;
  if (extra === 0 || had === 0 || desired === 0) return undefined;
  const total = Math.max(had, desired + extra);
  return {
    property: isBlueGreen ? "rollout.strategy" : "rollout.maxSurge",
    reason: isBlueGreen
      ? `${desired} new and ${had} old replicas run at once`
      : `up to ${total} replicas run at once (${desired} and ${extra} extra)`,
    quotas: Object.fromEntries(
      Object.keys(each).map((quota) => [quota, increase(had, old[quota] ?? 0, desired, each[quota] ?? 0, extra)]),
    ),
  };
}

/**
 * The additional quota usage of a rollout: of its replicas, its lock and its candidate. `undefined` if it has none, or if it is not
 * certain to roll.
 *
 * @param olds empty for a new service
 * @param features extensions of the API that the metro has; `undefined` if it does not say so
 */
export function rolloutPeak(
  olds: Properties,
  news: Properties,
  features: ReadonlySet<string> = LOCAL_FEATURES,
): UpdatePeak | undefined {
  const { template, rollout, ports, replicas } = news;
  if (!isTemplate(template) || containsUnknown([template, rollout, replicas])) return undefined;
  const before = isTemplate(olds["template"]) ? olds["template"] : undefined;
  const isCreate = Object.keys(olds).length === 0;
  const [had, desired] = [before === undefined ? 0 : numberOrZero(olds["replicas"]), numberOrZero(replicas)];
  const settings = rollout as RolloutInput;
  const mounted = { volumes: template.volumes ?? [] };
  const published = containsUnknown(ports) ? [] : (ports as readonly PublishedPort[]);
  const policy = toRolloutPolicy(desired, mounted, settings, published);
  const restarts = before !== undefined && !containsUnknown(news["reloadOn"]) && restartsReplicas(olds, news);
  const isChanged = before === undefined || fingerprint(before) !== fingerprint(template) || restarts;
  const counts = {
    had,
    desired,
    old: workloadQuotaUsage(before ?? {}, true),
    each: workloadQuotaUsage(template, true),
  };
  const rolls = isChanged ? had > 0 || desired > 0 : had !== desired;
  const isCloned = settings.gate?.isolation === "clone"; // a clone needs its template, each time
  const hasPassed = !isCloned && had > 0 && !isChanged && isSameGate(olds["rollout"], settings);
  const launches = desired > 0 && (isChanged || desired > had);
  const secondSet = movesDomains(policy.strategy, features) && isChanged && had > 0 && launches;
  const needs = {
    secondSet,
    lock: rolls && !isCreate,
    candidate: launches && !hasPassed && exclusiveVolume(mounted, settings) === undefined,
  };
  const { reason, parts, hasCandidate } = temporaryUse(policy, ports, features, needs);
  const members = isChanged ? memberIncrease(policy, counts) : undefined;
  if (members === undefined && reason === undefined) return undefined;
  const quotas: Record<string, PeakAmount> = { ...members?.quotas };
  const other = secondSet ? secondSetIncrease : hasCandidate ? candidateIncrease : undefined;
  if (other !== undefined)
    for (const quota of Object.keys(counts.each)) {
      const increase = other(policy, counts, quota);
      if (increase.amount > Math.max(quotas[quota]?.amount ?? 0, 0)) quotas[quota] = increase;
    }
  if (hasCandidate && isCloned) quotas["instances"] = withTemplate(quotas["instances"], counts);
  if (reason !== undefined) {
    const more = lengthOrZero(ports) - lengthOrZero(olds["ports"]);
    const property = secondSet ? "rollout.strategy" : hasCandidate ? "rollout.gate" : "";
    quotas["service_groups"] = groupIncrease(isCreate ? 1 : 0, parts.service_groups, reason, property);
    quotas["services"] = groupIncrease(more, parts.services, reason, property);
  }
  return { property: members?.property ?? "", reason: members?.reason ?? reason ?? "", quotas };
}
