/** Brings the replicas and the autoscale configuration of a service to what its inputs say. */
import type { ServiceItem } from "../../contract/models";
import { timeoutWithDrainMs } from "../../rollout/members/instances";
import { type ProviderContext, withTimeLimit } from "../context";
import { type RollOutOptions, finishReplicas, rollOut } from "./apply";
import { planAutoscale } from "./autoscalePlan";
import { type ServiceInputs, desiredReplicas } from "./inputs";
import { readWakeLatencies } from "./memberOutputs";
import { applyAutoscaleChange, waitForAutoscaledInstances } from "./operations";
import { reloadReplicas } from "./reload/apply";
import { type ServiceOutputs, toOutputs } from "./outputs";

/**
 * Time limit of a change that replaces every replica. The limits in `rollout` apply to one replica, and `rollOut` enforces them; this
 * is their sum, with the pauses of a canary.
 */
export function rolloutTimeoutMs(timeoutMs: number, olds: ServiceInputs, news: ServiceInputs): number {
  const { rollout } = news;
  const sets = rollout.strategy === "blueGreen" ? 2 : 1;
  const replicas = desiredReplicas(olds) + sets * desiredReplicas(news);
  const launchMs = Math.min(rollout.healthyWithinMs, timeoutMs) + rollout.stableForMs;
  const pausesMs = (rollout.steps ?? []).reduce((sum, { pauseMs }) => sum + pauseMs, 0);
  return timeoutMs + pausesMs + replicas * (launchMs + timeoutWithDrainMs(timeoutMs, rollout.drainTimeoutMs));
}

/** Applies autoscale and rollout. Autoscale starts before replicas are removed and ends after they are added, so instances always serve. */
export async function reconcileReplicas(
  context: ProviderContext,
  item: ServiceItem,
  olds: ServiceInputs,
  news: ServiceInputs,
  options: RollOutOptions,
): Promise<ServiceOutputs> {
  const steps = planAutoscale(olds.autoscale, news.autoscale);
  if (news.autoscale !== undefined) {
    for (const step of steps) await applyAutoscaleChange(context, item, step);
    const startsAutoscale = olds.autoscale === undefined && desiredReplicas(olds) > 0;
    if (startsAutoscale) {
      const limited = withTimeLimit(context, options.timeoutMs, `Scaling service '${item.name}'`);
      await waitForAutoscaledInstances(limited, item, news.rollout, news.autoscale.minSize);
    }
  }
  const rolledOut = await rollOut(context, item, news, options);
  const instances = await reloadReplicas(context, item, news, rolledOut, options);
  if (news.autoscale === undefined) for (const step of steps) await applyAutoscaleChange(context, item, step);
  await finishReplicas(context, item, instances);
  return toOutputs(item, news.ports, instances, {
    latencies: await readWakeLatencies(context, instances),
    hashKey: options.hashKey,
    template: news.template,
  });
}
