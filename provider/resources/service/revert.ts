/** Takes back what a failed update changed besides the replicas. */
import { UnikernelError } from "../../base/errors";
import type { ServiceItem } from "../../contract/models";
import { type ProviderContext, forCleanup } from "../context";
import { findReadyReplicas } from "./apply";
import { planAutoscale } from "./autoscalePlan";
import type { ServiceInputs } from "./inputs";
import { patchServiceGroup } from "./operations";
import { planServiceGroup } from "./plan";
import { isMadeFrom } from "./replicaTemplate";

/** True for the error of a rollout that restored all replicas. */
export const isRolledBack = (error: unknown): boolean =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && error.details["rolledBack"] === true;

/** Reverts what the update changed in the group. False if something remains changed. */
export async function revertGroup(
  failed: ProviderContext,
  item: ServiceItem,
  olds: ServiceInputs,
  news: ServiceInputs,
): Promise<boolean> {
  if (planAutoscale(olds.autoscale, news.autoscale).length > 0) return false;
  const context = forCleanup(failed);
  const { ports: _reverted, ...rest } = news;
  try {
    for (const change of planServiceGroup({ ...rest, ports: olds.ports }, olds))
      await patchServiceGroup(context, item, change, olds);
    return true;
  } catch {
    return false;
  }
}

/** Publishes the old ports again if only old replicas serve, which listen on these. */
export async function revertPorts(
  failed: ProviderContext,
  item: ServiceItem,
  olds: ServiceInputs,
  news: ServiceInputs,
): Promise<void> {
  const context = forCleanup(failed);
  const ready = await findReadyReplicas(context, item, news);
  if (ready?.some((one) => one.rotation !== "out" && isMadeFrom(news.template, one)) === true) return;
  const revert = planServiceGroup(news, { ...news, ports: olds.ports });
  for (const change of revert) await patchServiceGroup(context, item, change, olds).catch(() => undefined);
}
