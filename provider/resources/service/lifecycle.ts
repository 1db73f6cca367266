/** How a Service is created, read, updated and deleted. */
import { onlyItem } from "../../client/client";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { ServiceItem } from "../../contract/models";
import { UnikernelError, withErrorContext } from "../../base/errors";
import type { Lifecycle } from "../../definition/resource";
import { drainAndDelete, listInstances, timeoutWithDrainMs } from "../../rollout/instances";
import { diff } from "../../definition/diff";
import { assertAdoptable } from "../common/adopt";
import { createOrResume, nameTakenContext } from "../common/createOrResume";
import { isSameGroup, serviceHolder } from "./holder";
import { planAutoscale } from "./autoscalePlan";
import { declaredDomains, everDeclared } from "./domains";
import { describeSteps } from "../common/patchOperation";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { findService } from "../common/find";
import { deleteOnceFree, listExistingInstances } from "../common/deleteOnceFree";
import { type ServiceInputs, desiredReplicas, serviceInputs } from "./inputs";
import { type LastKnownState, initFailure } from "./initFailure";
import {
  createErrorContext,
  observeService,
  refetchService,
  patchServiceGroup,
  applyAutoscaleChange,
  waitForAutoscaledInstances,
} from "./operations";
import { planServiceGroup, planServiceUpdate } from "./plan";
import { type ServiceOutputs, type serviceOutputs, toOutputs } from "./outputs";
import { finishReplicas, rollOut, findServingReplicas } from "./apply";
import { observedInputs, isManaged, isMadeFrom, toCreateRequest } from "./wire";

/** A service comes free a moment after its last instance went. */
const RELEASE_GRACE_MS = 30_000;

/** Time to delete instances that did not stop in time. */
const FORCED_DELETE_MS = 60_000;

/**
 * How long a change may take that replaces each replica: the limits of a rollout are those of one replica. `rollOut` enforces
 * them one by one; this one holds for everything together.
 */
function rolloutTimeoutMs(timeoutMs: number, olds: ServiceInputs, news: ServiceInputs): number {
  const { rollout } = news;
  const replicas = desiredReplicas(olds) + desiredReplicas(news);
  const launchMs = Math.min(rollout.healthyWithinMs, timeoutMs) + rollout.stableForMs;
  return timeoutMs + replicas * (launchMs + timeoutWithDrainMs(timeoutMs, rollout.drainTimeoutMs));
}

const rootCause = (error: unknown): unknown =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && UnikernelError.is(error.cause) ? error.cause : error;

/** Autoscale begins before replicas go and ends after they came, so that there is always something that serves. */
async function reconcileReplicas(
  context: ProviderContext,
  item: ServiceItem,
  olds: ServiceInputs,
  news: ServiceInputs,
  options: { readonly timeoutMs: number; readonly isCreate: boolean },
): Promise<ServiceOutputs> {
  const steps = planAutoscale(olds.autoscale, news.autoscale);
  if (news.autoscale !== undefined) {
    for (const step of steps) await applyAutoscaleChange(context, item, step);
    const startsAutoscale = olds.autoscale === undefined && desiredReplicas(olds) > 0;
    if (startsAutoscale) {
      const waiting = withTimeLimit(context, options.timeoutMs, `Scaling service '${item.name}'`);
      await waitForAutoscaledInstances(waiting, item, news.autoscale.minSize);
    }
  }
  const instances = await rollOut(context, item, news, options);
  if (news.autoscale === undefined) for (const step of steps) await applyAutoscaleChange(context, item, step);
  await finishReplicas(context, item, instances);
  return toOutputs(item, news.ports, instances);
}

async function updateService(
  unlimited: ProviderContext,
  id: string,
  olds: LastKnownState,
  news: ServiceInputs,
): Promise<ServiceOutputs> {
  const attempted = `Updating service '${news.name ?? id}'`;
  const context = withTimeLimit(unlimited, rolloutTimeoutMs(unlimited.timeouts.updateMs, olds.inputs, news), attempted);
  const item = await refetchService(context, id, attempted);
  // What the program says no more is compared with what it said before, and so is what a node does not report.
  const { softLimit, hardLimit, domains } = olds.inputs;
  const requested = {
    ...{ ...olds.inputs, ...news, softLimit, hardLimit },
    ...(news.domains === undefined ? {} : { domains: everDeclared(news.domains, domains) }),
  };
  const found = observedInputs(await observeService(context, item, requested), requested);
  // What somebody else added is shown as drift first: no update releases a domain that its preview did not name.
  const before = { ...found, domains: declaredDomains(found.domains, requested.domains) };
  const changes = planServiceGroup(before, news);
  try {
    // First, because new replicas are proved through the new ports.
    for (const change of changes) await patchServiceGroup(context, item, change, news);
    const changed = changes.length === 0 ? item : await refetchService(context, id, attempted);
    return await reconcileReplicas(context, changed, before, news, {
      timeoutMs: context.timeouts.updateMs,
      isCreate: false,
    });
  } catch (thrown) {
    const cleanup = forCleanup(context);
    const serving = await findServingReplicas(cleanup, item);
    if (serving?.some((instance) => isMadeFrom(news.template, instance)) !== true) {
      // What goes on serving listens where the ports led before.
      const revert = planServiceGroup(news, { ...news, ports: before.ports });
      for (const change of revert) await patchServiceGroup(cleanup, item, change, before).catch(() => undefined);
    }
    throw await initFailure(context, item, requested, olds, thrown);
  }
}

/** Brings a service that exists to what is asked for; `undefined` when there is none of the name. */
async function adoptExisting(context: ProviderContext, inputs: ServiceInputs) {
  const { name = "" } = inputs;
  const item = await findService(context, name);
  if (item === undefined) return undefined;
  const facts = await observeService(context, item, inputs);
  const found = observedInputs(facts, inputs);
  assertAdoptable(`Service '${name}'`, diff({ inputs: serviceInputs }, found, inputs));
  const known = { inputs: found, outputs: toOutputs(item, found.ports, facts.instances) };
  return { id: item.uuid, outputs: await updateService(context, item.uuid, known, inputs) };
}

/** The lifecycle of a Service. */
export const lifecycle: Lifecycle<typeof serviceInputs, typeof serviceOutputs, ProviderContext> = {
  describeUpdate: (olds, news) => describeSteps(planServiceUpdate(olds, news)),

  async findNameHolder(context, id, inputs) {
    const item = await findService(context, id);
    return item && serviceHolder(context, item, inputs);
  },

  async create(unlimited, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const { name = "" } = inputs;
    const timeoutMs = rolloutTimeoutMs(unlimited.timeouts.createMs, { ...inputs, replicas: 0 }, inputs);
    const context = withTimeLimit(unlimited, timeoutMs, `Creating service '${name}'`);
    const { client } = context;
    let resumed: ServiceItem | undefined;
    const created = await createOrResume<ServiceItem>(context, {
      create: () =>
        createOrRecover<ServiceItem>(
          context,
          async () =>
            onlyItem(await client.createService({ body: toCreateRequest(inputs) }), `Creating service '${name}'`),
          async () => (await client.getServices({ query: { name: [name] } })).items[0],
          (found) => isSameGroup(found, inputs),
        ),
      findUnfinished: async () => {
        const found = await findService(context, name);
        const holder = found && (await serviceHolder(context, found, inputs));
        return holder === "unfinished" ? found : undefined;
      },
      // All of a group can be changed in place.
      resume: (found) => Promise.resolve((resumed = found)),
      discard: () => Promise.resolve(),
    }).catch((error: unknown) => {
      throw withErrorContext(error, {
        ...createErrorContext(inputs, context.metro),
        ALREADY_EXISTS: nameTakenContext(context),
      });
    });
    let item = created;
    try {
      item = await refetchService(context, created.uuid, `Reading service '${name}'`);
      const found = resumed && observedInputs(await observeService(context, item, inputs), inputs);
      if (found !== undefined)
        for (const change of planServiceGroup(found, inputs)) await patchServiceGroup(context, item, change, inputs);
      const autoscale = found?.autoscale;
      const outputs = await reconcileReplicas(context, item, { ...inputs, autoscale }, inputs, {
        timeoutMs: context.timeouts.createMs,
        isCreate: true,
      });
      return { id: item.uuid, outputs };
    } catch (error) {
      const cleanup = forCleanup(context);
      const left = await listInstances(cleanup, item, isManaged).catch(() => undefined);
      if (left?.length === 0) {
        // Nothing of it serves: leave nothing behind, so that the next up starts afresh.
        const gone = await cleanup.client.deleteServices({ body: [{ uuid: item.uuid }] }).catch(() => undefined);
        // There was nothing to roll from: what went wrong is all there is to say.
        if (gone !== undefined && gone.items[0]?.status !== "error") throw rootCause(error);
      }
      // As far as is known, the group is there and nothing in it.
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
    const facts = await observeService(context, item, inputs);
    const observed = observedInputs(facts, inputs);
    return { id: item.uuid, inputs: observed, outputs: toOutputs(item, observed.ports, facts.instances) };
  },

  update: updateService,

  async delete(context, id, olds) {
    const item = await findService(context, id);
    if (item === undefined) return;
    const { autoscale, instances } = await observeService(context, item, olds.inputs);
    const scaled = planAutoscale(observedInputs({ item, autoscale, instances }, olds.inputs).autoscale, undefined);
    for (const step of scaled) await applyAutoscaleChange(context, item, step);
    // As in a roll: open connections finish, and a clean stop sees to it that what programs still hold reaches their volumes.
    const { deleteMs } = context.timeouts;
    const attempted = `Deleting service '${item.name}'`;
    const deadlineMs = context.clock.now() + deleteMs;
    const going = {
      drainTimeoutMs: Math.min(olds.inputs.rollout.drainTimeoutMs, deleteMs),
      timeoutMs: deleteMs,
    };
    const drainMs = timeoutWithDrainMs(deleteMs, going.drainTimeoutMs) + FORCED_DELETE_MS;
    const draining = withTimeLimit(context, drainMs, attempted);
    await Promise.all(instances.map((instance) => drainAndDelete(draining, instance.uuid, going)));
    // However long its instances took to go.
    const releaseMs = Math.max(deadlineMs - context.clock.now(), RELEASE_GRACE_MS);
    await deleteOnceFree(withTimeLimit(context, releaseMs, attempted), {
      attempted,
      sendDelete: ({ client }) => client.deleteServices({ body: [{ uuid: item.uuid }] }),
      findHolders: async (context) => {
        // What autoscale has made goes by itself.
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
