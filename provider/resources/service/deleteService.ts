/** How a Service is deleted. */
import { drainAndDelete, listInstances, timeoutWithDrainMs } from "../../rollout/members/instances";
import { deleteOnceFree, listExistingInstances } from "../common/deleteOnceFree";
import { findService } from "../common/find";
import { type ProviderContext, withTimeLimit } from "../context";
import { planAutoscale } from "./autoscalePlan";
import type { LastKnownState } from "./initFailure";
import { applyAutoscaleChange, observeService, refetchService } from "./operations";
import { breakRolloutLock } from "./rollout/lock";
import { deleteSecondSet } from "./secondSet";
import { isRetired, observedInputs } from "./wire";

/** Minimum time for retrying the deletion: a service becomes free a moment after its last instance is gone. */
const RELEASE_GRACE_MS = 30_000;

/** Time to delete instances that did not stop in time. */
const FORCED_DELETE_MS = 60_000;

/** Deletes a service with its replicas, and with those that a rollout keeps. One that does not exist is no error. */
export async function deleteService(
  context: ProviderContext,
  id: string,
  olds: Pick<LastKnownState, "inputs">,
): Promise<void> {
  const item = await findService(context, id);
  if (item === undefined) return;
  await breakRolloutLock(context, item);
  const { autoscale, instances } = await observeService(context, item, olds.inputs);
  const scaled = planAutoscale(
    observedInputs({ item, autoscale, instances }, olds.inputs, undefined).autoscale,
    undefined,
  );
  for (const step of scaled) await applyAutoscaleChange(context, item, step);
  // As in a rollout: open connections finish, and a clean stop lets programs write buffered data to their volumes.
  const { deleteMs } = context.timeouts;
  const attempted = `Deleting service '${item.name}'`;
  const deadlineMs = context.clock.now() + deleteMs;
  const { drainTimeoutMs, halfClosedTimeoutMs } = olds.inputs.rollout;
  const drainOptions = {
    drainTimeoutMs: Math.min(drainTimeoutMs, deleteMs),
    halfClosedTimeoutMs,
    timeoutMs: deleteMs,
  };
  const drainMs = timeoutWithDrainMs(deleteMs, drainOptions.drainTimeoutMs) + FORCED_DELETE_MS;
  const draining = withTimeLimit(context, drainMs, attempted);
  const kept = await listInstances(draining, item, isRetired);
  await deleteSecondSet(draining, item, drainOptions);
  await Promise.all([...instances, ...kept].map((instance) => drainAndDelete(draining, instance, drainOptions)));
  // The deletion gets this time even if draining used up the limit.
  const releaseMs = Math.max(deadlineMs - context.clock.now(), RELEASE_GRACE_MS);
  await deleteOnceFree(withTimeLimit(context, releaseMs, attempted), {
    attempted,
    sendDelete: ({ client }) => client.deleteServices({ body: [{ uuid: item.uuid }] }),
    findHolders: async (context) => {
      // Removing autoscale deletes its instances.
      if (scaled.length > 0) return "";
      const now = await refetchService(context, item.uuid, `Reading service '${item.name}'`);
      return listExistingInstances(
        context,
        (now.instances ?? []).map(({ uuid }) => uuid),
      );
    },
    toHint: (instances) => `Remove ${instances} from the service first.`,
  });
}
