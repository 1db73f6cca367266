/** How a Service is updated. */
import { UnikernelError } from "../../base/errors";
import { type ProviderContext, withTimeLimit } from "../context";
import { waitForImage } from "../workload/waitForImage";
import { declaredDomains, everDeclared } from "./domains";
import { hashKeyIn, newHashKey } from "./hashKey";
import { type LastKnownState, initFailure } from "./initFailure";
import type { ServiceInputs } from "./inputs";
import { observeService, patchServiceGroup, refetchService } from "./operations";
import type { ServiceOutputs } from "./outputs";
import { planServiceGroup, rollsReplicas } from "./plan";
import { reconcileReplicas, rolloutTimeoutMs } from "./reconcile";
import { isRolledBack, revertGroup, revertPorts } from "./revert";
import { withRolloutLock } from "./rollout/lock";
import { besideLentDomains, lentDomains, withLentDomains } from "./secondSet";
import { observedInputs } from "./wire";

/** Updates a service. Throws the error of a rollout that was rolled back, or otherwise one that carries the observed state. */
export async function updateService(
  unlimited: ProviderContext,
  id: string,
  olds: LastKnownState,
  news: ServiceInputs,
): Promise<ServiceOutputs> {
  const attempted = `Updating service '${news.name ?? id}'`;
  if (news.template?.image !== olds.inputs.template?.image)
    await waitForImage(unlimited, news.template?.image, `Service '${news.name ?? id}'`);
  const limitMs = rolloutTimeoutMs(unlimited.timeouts.updateMs, olds.inputs, news);
  const context = withTimeLimit(unlimited, limitMs, attempted);
  const item = await refetchService(context, id, attempted);
  // Inputs that the program no longer sets, or that the node does not report, are compared with their old values.
  const { softLimit, hardLimit, domains } = olds.inputs;
  const requested = {
    ...{ ...olds.inputs, ...news, softLimit, hardLimit },
    ...(news.domains === undefined ? {} : { domains: everDeclared(news.domains, domains) }),
  };
  const lent = await lentDomains(context, item, requested);
  const observed = await observeService(context, withLentDomains(item, lent), requested);
  const hashKey = hashKeyIn(olds.outputs) ?? newHashKey();
  const found = observedInputs(observed, requested, hashKey);
  // Domains that others added show as drift first: an update releases only domains that its preview named.
  const before = { ...found, domains: declaredDomains(found.domains, requested.domains) };
  return withRolloutLock(context, item, { limitMs, isShared: true }, async (stop) => {
    if (rollsReplicas(before, news, observed.instances.length)) await stop.lock();
    try {
      // First, because new replicas are checked through the new ports.
      const changes = planServiceGroup(before, news).map((change) => besideLentDomains(change, item, lent));
      for (const change of changes) await patchServiceGroup(context, item, change, news);
      const changed = changes.length === 0 ? item : await refetchService(context, id, attempted);
      const { updateMs } = context.timeouts;
      const { template: oldTemplate, rollout: oldRollout } = olds.inputs;
      const options = { timeoutMs: updateMs, isCreate: false, stop, limitMs, oldTemplate, oldRollout, hashKey };
      return await reconcileReplicas(context, changed, before, news, options);
    } catch (error) {
      // Whoever stopped the rollout may have begun one of their own.
      if (!UnikernelError.has(error, "ROLLOUT_STOPPED")) await revertPorts(context, item, before, news);
      // The old state is true again, so the program that led to it has nothing to do.
      if (isRolledBack(error) && (await revertGroup(context, item, before, news))) throw error;
      throw await initFailure(context, item, requested, { ...olds, hashKey }, error);
    }
  });
}
