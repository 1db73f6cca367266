/** Service: published ports, and replicas of a template behind them that are replaced without a gap. */
import { onlyItem } from "../../client/client";
import { adoptAfterLostAnswer } from "../../client/transport/createOrRecover";
import type { ServiceItem } from "../../contract/models";
import { UnikernelError, blame } from "../../base/errors";
import { defineResource } from "../../definition/resource";
import { drain, observe } from "../../rollout/instances";
import { mustChangeToAdopt } from "../common/adopt";
import { planAutoscale } from "./autoscalePlan";
import { domainsSaid, saidEver } from "./domains";
import { inWords } from "../common/patchOperation";
import type { ProviderContext } from "../context";
import { findService } from "../common/find";
import { deleteOnceFree, stillThere } from "../common/deleteOnceFree";
import { type ServiceInputs, isExclusive, replicasOf, serviceDemands, serviceInputs, serviceRules } from "./inputs";
import { type Known, halfDone } from "./initFailure";
import { createBlames, factsOf, fresh, patchGroup, scale, waitForScaled } from "./operations";
import { planGroup, planServiceUpdate, toCreateRequest } from "./plan";
import { type ServiceOutputs, serviceOutputs, toOutputs } from "./outputs";
import { rollOut, servingNow } from "./apply";
import { inputsAsIs, isManaged, isMadeFrom } from "./wire";

/** A service comes free a moment after its last instance went. */
const COMES_FREE_MS = 30_000;

const firstCause = (error: unknown): unknown =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && UnikernelError.is(error.cause) ? error.cause : error;

/** Autoscale begins before replicas go and ends after they came, so that there is always something that serves. */
async function bring(
  context: ProviderContext,
  item: ServiceItem,
  olds: ServiceInputs,
  news: ServiceInputs,
  timeoutMs: number,
): Promise<ServiceOutputs> {
  const steps = planAutoscale(olds.autoscale, news.autoscale);
  if (news.autoscale !== undefined) {
    for (const step of steps) await scale(context, item, step);
    const begins = olds.autoscale === undefined && replicasOf(olds) > 0;
    if (begins) await waitForScaled(context, item, news.autoscale.minSize, timeoutMs);
  }
  const instances = await rollOut(context, item, news, timeoutMs);
  if (news.autoscale === undefined) for (const step of steps) await scale(context, item, step);
  return toOutputs(item, news.ports, instances);
}

async function change(context: ProviderContext, id: string, olds: Known, news: ServiceInputs): Promise<ServiceOutputs> {
  const attempted = `Updating service '${news.name ?? id}'`;
  const item = await fresh(context, id, attempted);
  // What the program says no more is compared with what it said before, and so is what a node does not report.
  const { softLimit, hardLimit, domains } = olds.inputs;
  const asked = {
    ...{ ...olds.inputs, ...news, softLimit, hardLimit },
    ...(news.domains === undefined ? {} : { domains: saidEver(news.domains, domains) }),
  };
  const found = inputsAsIs(await factsOf(context, item, asked), asked);
  // What somebody else added is shown as drift first: no update releases a domain that its preview did not name.
  const before = { ...found, domains: domainsSaid(found.domains, asked.domains) };
  const changes = planGroup(before, news);
  try {
    // First, because new replicas are proved through the new ports.
    for (const change of changes) await patchGroup(context, item, change, news);
    const changed = changes.length === 0 ? item : await fresh(context, id, attempted);
    return await bring(context, changed, before, news, context.timeouts.updateMs);
  } catch (thrown) {
    const serving = await servingNow(context, item);
    if (serving?.some((instance) => isMadeFrom(news.template, instance)) !== true) {
      // What goes on serving listens where the ports led before.
      const back = planGroup(news, { ...news, ports: before.ports });
      for (const change of back) await patchGroup(context, item, change, before).catch(() => undefined);
    }
    throw await halfDone(context, item, asked, olds, thrown);
  }
}

/** Brings a service that exists to what is asked for; `undefined` when there is none of the name. */
async function takeOver(context: ProviderContext, inputs: ServiceInputs) {
  const { name = "" } = inputs;
  const item = await findService(context, name);
  if (item === undefined) return undefined;
  const facts = await factsOf(context, item, inputs);
  const found = inputsAsIs(facts, inputs);
  mustChangeToAdopt({ inputs: serviceInputs }, `Service '${name}'`, found, inputs);
  const known = { inputs: found, outputs: toOutputs(item, found.ports, facts.instances) };
  return { id: item.uuid, outputs: await change(context, item.uuid, known, inputs) };
}

/** The Service resource. */
export const service = defineResource({
  kind: "Service",
  description:
    "Published ports, and replicas of a template behind them. A changed template replaces the replicas one by one; clients see no gap.",
  inputs: serviceInputs,
  outputs: serviceOutputs,
  rules: serviceRules,
  demands: serviceDemands,
  deleteBeforeReplace: isExclusive,
  describeUpdate: (olds, news) => inWords(planServiceUpdate(olds, news)),

  async create(context: ProviderContext, inputs) {
    const adopted = inputs.adopt ? await takeOver(context, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const { client } = context;
    const { name = "" } = inputs;
    const created = await adoptAfterLostAnswer<ServiceItem>(
      context,
      async () => onlyItem(await client.createService({ body: toCreateRequest(inputs) }), `Creating service '${name}'`),
      async () => (await client.getServices({ query: { name: [name] } })).items[0],
      (found) =>
        planGroup(inputsAsIs({ item: found, autoscale: undefined, instances: [] }, inputs), inputs).length === 0,
    ).catch((error: unknown) => {
      throw blame(error, createBlames(inputs, context.metro));
    });
    let item = created;
    try {
      item = await fresh(context, created.uuid, `Reading service '${name}'`);
      const outputs = await bring(
        context,
        item,
        { ...inputs, autoscale: undefined },
        inputs,
        context.timeouts.createMs,
      );
      return { id: item.uuid, outputs };
    } catch (error) {
      const left = await observe(context, item, isManaged).catch(() => undefined);
      if (left?.length === 0) {
        // Nothing of it serves: leave nothing behind, so that the next up starts afresh.
        const gone = await client.deleteServices({ body: [{ uuid: item.uuid }] }).catch(() => undefined);
        // There was nothing to roll from: what went wrong is all there is to say.
        if (gone !== undefined && gone.items[0]?.status !== "error") throw firstCause(error);
      }
      // As far as is known, the group is there and nothing in it.
      const group = { ...inputs, replicas: 0, autoscale: undefined };
      throw await halfDone(context, item, inputs, { inputs: group, outputs: toOutputs(item, inputs.ports, []) }, error);
    }
  },

  async read(context, id, inputs) {
    const item = await findService(context, id);
    if (item === undefined) return undefined;
    const facts = await factsOf(context, item, inputs);
    const asIs = inputsAsIs(facts, inputs);
    return { id: item.uuid, inputs: asIs, outputs: toOutputs(item, asIs.ports, facts.instances) };
  },

  update: change,

  async delete(context, id, olds) {
    const { client } = context;
    const item = await findService(context, id);
    if (item === undefined) return;
    const { autoscale, instances } = await factsOf(context, item, olds.inputs);
    const scaled = planAutoscale(inputsAsIs({ item, autoscale, instances }, olds.inputs).autoscale, undefined);
    for (const step of scaled) await scale(context, item, step);
    // As in a roll: open connections finish, and a clean stop sees to it that what programs still hold reaches their volumes.
    const { deleteMs } = context.timeouts;
    const deadline = context.clock.now() + deleteMs;
    const going = {
      drainTimeoutMs: Math.min(olds.inputs.rollout.drainTimeoutSeconds * 1000, deleteMs),
      timeoutMs: deleteMs,
    };
    await Promise.all(instances.map((instance) => drain(context, instance.uuid, going)));
    await deleteOnceFree(context, {
      // However long its instances took to go.
      deadline: Math.max(deadline, context.clock.now() + COMES_FREE_MS),
      attempted: `Deleting service '${item.name}'`,
      remove: () => client.deleteServices({ body: [{ uuid: item.uuid }] }),
      holders: async () => {
        // What autoscale has made goes by itself.
        if (scaled.length > 0) return "";
        const now = await fresh(context, item.uuid, `Reading service '${item.name}'`);
        return stillThere(
          context,
          (now.instances ?? []).map(({ uuid }) => uuid),
        );
      },
      hint: (instances) => `Delete ${instances} first, or take it out of the service.`,
    });
  },
});
