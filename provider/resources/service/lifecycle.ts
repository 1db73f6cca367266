/** How a Service is created, read, updated and deleted. */
import { onlyItem } from "../../client/client";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { ServiceItem } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import type { Lifecycle } from "../../definition/resource";
import {
  drainAndDelete,
  halfClosedTimeoutOf,
  listInstances,
  timeoutWithDrainMs,
} from "../../rollout/members/instances";
import { diff } from "../../definition/diff";
import { withoutUnknowns } from "../../definition/unknowns";
import { assertAdoptable } from "../common/adopt";
import { createOrResume } from "../common/createOrResume";
import { isSameGroup, serviceHolder } from "./holder";
import { planAutoscale } from "./autoscalePlan";
import { declaredDomains, everDeclared } from "./domains";
import { describeSteps } from "../common/patchOperation";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { findService } from "../common/find";
import { deleteOnceFree, listExistingInstances } from "../common/deleteOnceFree";
import { type ServiceInputs, desiredReplicas, serviceInputs } from "./inputs";
import { DEFAULT_HALF_CLOSED_TIMEOUT_MS } from "./rollout/input";
import { type LastKnownState, initFailure } from "./initFailure";
import {
  createErrorContext,
  observeService,
  refetchService,
  patchServiceGroup,
  applyAutoscaleChange,
  waitForAutoscaledInstances,
} from "./operations";
import { planServiceGroup, planServiceUpdate, rollsReplicas } from "./plan";
import { type ServiceOutputs, type serviceOutputs, toOutputs } from "./outputs";
import { readWakeLatencies } from "./memberOutputs";
import { type RollOutOptions, finishReplicas, rollOut, findReadyReplicas } from "./apply";
import { reloadReplicas } from "./reload/apply";
import { memberConfigurations } from "./reload/describe";
import { memberDigests } from "./rollout/remaining";
import { besideLentDomains, deleteSecondSet, lentDomains, withLentDomains } from "./secondSet";
import { breakRolloutLock, withRolloutLock } from "./rollout/lock";
import { waitForImage } from "../workload/waitForImage";
import { observedInputs, isManaged, isMadeFrom, isRetired, toCreateRequest } from "./wire";
import { inspectRollout } from "./rollout/inspect";
import { withLabels } from "../workload/labels/labelledLifecycle";

/** Minimum time for retrying the deletion: a service becomes free a moment after its last instance is gone. */
const RELEASE_GRACE_MS = 30_000;

/** Time to delete instances that did not stop in time. */
const FORCED_DELETE_MS = 60_000;

/**
 * Time limit of a change that replaces every replica. The limits in `rollout` apply to one replica, and `rollOut` enforces them; this
 * is their sum.
 */
function rolloutTimeoutMs(timeoutMs: number, olds: ServiceInputs, news: ServiceInputs): number {
  const { rollout } = news;
  const sets = rollout.strategy === "blueGreen" ? 2 : 1;
  const replicas = desiredReplicas(olds) + sets * desiredReplicas(news);
  const launchMs = Math.min(rollout.healthyWithinMs, timeoutMs) + rollout.stableForMs;
  return timeoutMs + replicas * (launchMs + timeoutWithDrainMs(timeoutMs, rollout.drainTimeoutMs));
}

const rootCause = (error: unknown): unknown =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && UnikernelError.is(error.cause) ? error.cause : error;

/** Applies autoscale and rollout. Autoscale starts before replicas are removed and ends after they are added, so instances always serve. */
async function reconcileReplicas(
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
  return toOutputs(item, news.ports, instances, await readWakeLatencies(context, instances));
}

async function updateService(
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
  const found = observedInputs(observed, requested);
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
      const options = { timeoutMs: updateMs, isCreate: false, stop, limitMs, oldTemplate, oldRollout };
      return await reconcileReplicas(context, changed, before, news, options);
    } catch (error) {
      // Whoever stopped the rollout may have begun one of their own.
      if (!UnikernelError.has(error, "ROLLOUT_STOPPED")) await revertPorts(context, item, before, news);
      // The old state is true again, so the program that led to it has nothing to do.
      if (isRolledBack(error) && (await revertGroup(context, item, before, news))) throw error;
      throw await initFailure(context, item, requested, olds, error);
    }
  });
}

const isRolledBack = (error: unknown): boolean =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && error.details["rolledBack"] === true;

/** Reverts what the update changed in the group. False if something remains changed. */
async function revertGroup(
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
async function revertPorts(
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

/** The existing service of this name, and what must change; undefined if there is none to adopt. */
async function findAdoptable(context: ProviderContext, inputs: ServiceInputs) {
  const { name = "" } = inputs;
  const item = await findService(context, name);
  if (item === undefined) return undefined;
  const observed = await observeService(context, item, inputs);
  const found = observedInputs(observed, withoutUnknowns(inputs));
  const changes = diff({ inputs: serviceInputs }, found, inputs);
  return { id: item.uuid, inputs: found, outputs: toOutputs(item, found.ports, observed.instances), changes };
}

/** Updates the existing service of this name to match the inputs; undefined if there is none. */
async function adoptExisting(context: ProviderContext, inputs: ServiceInputs) {
  const found = await findAdoptable(context, inputs);
  if (found === undefined) return undefined;
  assertAdoptable(`Service '${inputs.name ?? ""}'`, found, inputs);
  return { id: found.id, outputs: await updateService(context, found.id, found, inputs) };
}

const unlabelled: Lifecycle<typeof serviceInputs, typeof serviceOutputs, ProviderContext> = {
  findAdoptable,
  describeUpdate: (olds, news, { instances }) =>
    describeSteps(
      planServiceUpdate(olds, news, Array.isArray(instances) ? instances.length : 0, {
        digests: memberDigests(instances),
        configurations: memberConfigurations(instances),
      }),
    ),

  inspectInputs: inspectRollout,

  async findNameHolder(context, id, inputs) {
    const item = await findService(context, id);
    return item && serviceHolder(context, item, inputs);
  },

  async create(unlimited, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const { name = "" } = inputs;
    await waitForImage(unlimited, inputs.template?.image, `Service '${name}'`);
    const timeoutMs = rolloutTimeoutMs(unlimited.timeouts.createMs, { ...inputs, replicas: 0 }, inputs);
    const context = withTimeLimit(unlimited, timeoutMs, `Creating service '${name}'`);
    const { client } = context;
    let resumed: ServiceItem | undefined;
    const created = await createOrResume<ServiceItem>(context, {
      kind: "Service",
      name,
      create: () =>
        createOrRecover<ServiceItem>(
          context,
          async () =>
            onlyItem(await client.createService({ body: toCreateRequest(inputs) }), `Creating service '${name}'`),
          async () => (await client.getServices({ query: { name: [name] } })).items[0],
          (found) => isSameGroup(found, inputs),
        ),
      findHolder: async () => {
        const object = await findService(context, name);
        return object && { object, holder: await serviceHolder(context, object, inputs) };
      },
      // All of a group can be changed in place.
      resume: (found) => Promise.resolve((resumed = found)),
      discard: () => Promise.resolve(),
      errorContexts: createErrorContext(inputs, context.metro),
    });
    let item = created;
    try {
      item = await refetchService(context, created.uuid, `Reading service '${name}'`);
      const found = resumed && observedInputs(await observeService(context, item, inputs), inputs);
      if (found !== undefined)
        for (const change of planServiceGroup(found, inputs)) await patchServiceGroup(context, item, change, inputs);
      const autoscale = found?.autoscale;
      // Nobody else knows a new service, so nobody else can roll it out.
      const isShared = resumed !== undefined;
      const outputs = await withRolloutLock(context, item, { limitMs: timeoutMs, isShared }, async (stop) => {
        if (isShared) await stop.lock();
        const { createMs } = context.timeouts;
        const since = { oldTemplate: inputs.template, oldRollout: undefined };
        const options = { timeoutMs: createMs, isCreate: true, stop, limitMs: timeoutMs, ...since };
        return reconcileReplicas(context, item, { ...inputs, autoscale }, inputs, options);
      });
      return { id: item.uuid, outputs };
    } catch (error) {
      const cleanup = forCleanup(context);
      const remaining = await listInstances(cleanup, item, isManaged).catch(() => undefined);
      if (remaining?.length === 0) {
        // It has no instances: delete it, so that the next up creates a new one.
        const reply = await cleanup.client.deleteServices({ body: [{ uuid: item.uuid }] }).catch(() => undefined);
        // There were no old replicas, so the rollout's own message would add nothing to the cause.
        if (reply !== undefined && reply.items[0]?.status !== "error") throw rootCause(error);
      }
      // As far as is known, the group exists without instances.
      const group = { ...inputs, replicas: 0, autoscale: undefined };
      throw await initFailure(
        context,
        item,
        inputs,
        { inputs: group, outputs: toOutputs(item, inputs.ports, []) },
        error,
      );
    }
  },

  async read(context, id, inputs) {
    const item = await findService(context, id);
    if (item === undefined) return undefined;
    const observed = await observeService(context, item, inputs);
    const found = observedInputs(observed, inputs);
    const latencies = await readWakeLatencies(context, observed.instances);
    return { id: item.uuid, inputs: found, outputs: toOutputs(item, found.ports, observed.instances, latencies) };
  },

  update: updateService,

  async delete(context, id, olds) {
    const item = await findService(context, id);
    if (item === undefined) return;
    await breakRolloutLock(context, item);
    const { autoscale, instances } = await observeService(context, item, olds.inputs);
    const scaled = planAutoscale(observedInputs({ item, autoscale, instances }, olds.inputs).autoscale, undefined);
    for (const step of scaled) await applyAutoscaleChange(context, item, step);
    // As in a rollout: open connections finish, and a clean stop lets programs write buffered data to their volumes.
    const { deleteMs } = context.timeouts;
    const attempted = `Deleting service '${item.name}'`;
    const deadlineMs = context.clock.now() + deleteMs;
    const drainOptions = {
      drainTimeoutMs: Math.min(olds.inputs.rollout.drainTimeoutMs, deleteMs),
      timeoutMs: deleteMs,
    };
    const drainMs = timeoutWithDrainMs(deleteMs, drainOptions.drainTimeoutMs) + FORCED_DELETE_MS;
    const draining = withTimeLimit(context, drainMs, attempted);
    const kept = await listInstances(draining, item, isRetired);
    const { halfClosedTimeoutMs: limitMs = DEFAULT_HALF_CLOSED_TIMEOUT_MS } = olds.inputs.rollout;
    await deleteSecondSet(draining, item, olds.inputs, drainOptions);
    await Promise.all(
      [...instances, ...kept].map((instance) => {
        const halfClosedTimeoutMs = halfClosedTimeoutOf(instance, { halfClosedTimeoutMs: limitMs });
        return drainAndDelete(draining, instance.uuid, { ...drainOptions, halfClosedTimeoutMs });
      }),
    );
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
  },
};

/** The lifecycle of a Service. */
export const lifecycle = withLabels(
  {
    kind: "Service",
    prefix: "template.",
    workloadOf: ({ template }) => template,
    withScaleToZero: (inputs, scaleToZero) =>
      inputs.template === undefined ? inputs : { ...inputs, template: { ...inputs.template, scaleToZero } },
  },
  unlabelled,
);
