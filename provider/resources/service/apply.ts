/** Rolls out the replicas of a service. */
import * as crypto from "node:crypto";
import { allItems } from "../../client/client";
import type { CreateInstanceRequest, InstanceItem, ServiceItem } from "../../contract/models";
import { metroFeatures } from "../../client/transport/metroFeatures";
import { withEndLast } from "../../rollout/progress/lastEvent";
import { runRollout } from "../../rollout/run";
import { listInstances } from "../../rollout/members/instances";
import { hasPassed } from "../../rollout/members/readiness";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { workloadErrorContext, toReplicaRequest, verifyDigest } from "../workload/request";
import { finishedMark, finishingTags, unfinishedMark } from "../common/ownershipMark";
import { sendFinish } from "../common/createOrResume";
import { changeInPlace, setProbe } from "./changeInPlace";
import { reportConsole } from "./reportConsole";
import { rolloutHooks } from "./rolloutHooks";
import { besideSecondSet } from "./secondSet";
import { MANAGED_TAG, retiredTags, templateTag } from "./replicaTags";
import { exclusiveVolume, readinessPolicy, toRolloutPolicy } from "./rollout/policy";
import { type ServiceInputs, desiredReplicas } from "./inputs";
import { captureReplicas } from "./rollout/capture";
import { isSameGate } from "./rollout/gateInput";
import type { StopCheck } from "./rollout/lock";
import { configurationOf, configurationTags, hasConfiguration } from "./reload/configuration";
import { isMadeFrom, matchesTemplate } from "./replicaTemplate";
import { isManaged, isRetired } from "./wire";

/** Leaves room for `-` and five characters in a name of 63. */
const MAX_STEM_LENGTH = 57;
const newReplicaName = (service: string): string =>
  `${service.slice(0, MAX_STEM_LENGTH)}-${crypto.randomBytes(3).toString("hex").slice(0, 5)}`;

/** Said of a failed rollout that only restarts replicas. */
const CANNOT_ROLL_BACK = "A restart cannot give replicas their previous configuration back.";

/** Options of {@link rollOut}. */
export interface RollOutOptions {
  readonly timeoutMs: number;
  readonly isCreate: boolean;
  readonly stop: StopCheck;
  /** The template in state, from which a rollback launches replicas; undefined for a new service. */
  readonly oldTemplate: ServiceInputs["template"];
  /** The rollout in state, whose gate the replicas of the same template have passed; undefined for a new service. */
  readonly oldRollout: ServiceInputs["rollout"] | undefined;
  /** Time limit of a rollback. Milliseconds. */
  readonly limitMs: number;
  /** The key of the marks of the replicas. */
  readonly hashKey: string;
}

/**
 * Rolls the template out to the desired number of replicas, and returns them. If it throws, the old replicas still serve.
 *
 * @param options.timeoutMs limit for each new replica to become ready, even if `rollout` allows longer, and for each drained one to stop
 * @param options.isCreate marks new replicas as unfinished, until {@link finishReplicas}
 * @param options.stop ends the rollout before its next change
 */
export async function rollOut(
  context: ProviderContext,
  item: ServiceItem,
  inputs: ServiceInputs,
  { timeoutMs, isCreate, stop, oldTemplate, oldRollout, limitMs, hashKey }: RollOutOptions,
): Promise<readonly InstanceItem[]> {
  const { client, clock, signal, ownership } = context;
  const mark = ownership && (isCreate ? unfinishedMark : finishedMark)(ownership);
  const { template, rollout, reload } = inputs;
  const configuration = configurationOf(inputs.reloadOn, hashKey);
  const before = await listInstances(context, item, isManaged);
  // Existing replicas that were changed by hand count as old. Replicas launched from here on are never compared.
  const drifted = new Set(before.filter((one) => !matchesTemplate(template, one)).map(({ uuid }) => uuid));
  const requested = toRolloutPolicy(desiredReplicas(inputs), template ?? { volumes: [] }, rollout, inputs.ports);
  const policy = { ...requested, healthyWithinMs: Math.min(requested.healthyWithinMs, timeoutMs) };
  const features = await metroFeatures(client);
  const canGate = features.has("readiness-probe");
  const createRequest = (): CreateInstanceRequest =>
    toReplicaRequest(template ?? {}, {
      name: newReplicaName(item.name),
      tags: [
        MANAGED_TAG,
        ...(template === undefined ? [] : [templateTag(template)]),
        ...configurationTags(configuration),
        ...(mark === undefined ? [] : [mark]),
      ],
      service_group: { uuid: item.uuid },
      ...(canGate && policy.gate !== undefined ? { readiness_probe: policy.gate } : {}),
    });
  const isCurrent = (instance: InstanceItem) => isMadeFrom(template, instance) && !drifted.has(instance.uuid);
  // Without a request that reloads them, replicas load their configuration when they start.
  const isNew = (instance: InstanceItem) =>
    isCurrent(instance) && (reload !== undefined || hasConfiguration(instance, configuration));
  const isRestart = before.length > 0 && before.every(isCurrent) && !before.every(isNew);
  // The gate is no part of the template: replicas that are current get a changed one as they are.
  if (canGate) await setProbe(client, before.filter(isCurrent), policy.gate);
  const isCloned = rollout.gate?.isolation === "clone";
  const isProven =
    !isCloned && isSameGate(oldRollout, rollout) && before.some((one) => isNew(one) && hasPassed(policy, one));
  const printed = {
    reportConsole: (instance: InstanceItem) => reportConsole(context, instance, inputs),
    errorContexts: workloadErrorContext("template."),
  };
  const hooked = { policy, features, isCloned, isNew, createRequest, checkStop: stop.check, ...printed };
  const hooks = rolloutHooks(context, item, hooked, exclusiveVolume(template ?? { volumes: [] }, rollout));
  const { onEvent } = hooks;
  const found = { policy, features, before };
  const common = { isNew, createRequest, timeoutMs, checkStop: stop.check, onEvent, ...printed };
  const beside = besideSecondSet(context, item, inputs, found, common);
  const run = (beforeLaunch: (() => Promise<void>) | undefined, onRolloutEvent: typeof onEvent) =>
    runRollout({
      client,
      clock,
      signal,
      cleanup: () => forCleanup(context),
      service: item,
      features,
      policy: beside.policy,
      timeoutMs,
      isManaged,
      // Beside a second set, what was kept is no member any more: the planner would remove it.
      ...(beside.hasSecondSet ? {} : { isRetired, retiredTags }),
      isNew,
      createRequest: () => hooks.toMemberRequest(createRequest()),
      applyTemplate: async (instance) => {
        if (template === undefined) return;
        await changeInPlace(context, instance, template, createRequest());
        drifted.delete(instance.uuid);
      },
      checkStop: stop.check,
      rollbackContext: () => withTimeLimit(context.base ?? context, limitMs, `Rolling back service '${item.name}'`),
      ...(isRestart ? { cannotRollBack: CANNOT_ROLL_BACK } : {}),
      captured: captureReplicas(before, {
        policy,
        template: oldTemplate,
        base: () => ({ name: newReplicaName(item.name), service_group: { uuid: item.uuid } }),
        change: (instance, ...captured) => changeInPlace(context, instance, ...captured),
      }),
      ...printed,
      onEvent: onRolloutEvent,
      passCandidate: isProven || beside.hasSecondSet ? undefined : hooks.passCandidate,
      beforeLaunch,
    });
  const instances = await withEndLast(onEvent, (receive) =>
    beside.run((beforeLaunch) => run(beforeLaunch, receive)),
  ).finally(hooks.end);
  if (template === undefined) return instances;
  for (const instance of instances) verifyDigest(instance, template.image);
  hooks.warnOfShortCooldown(template);
  return instances;
}

/** The last request of a create: the marks of all replicas say from now on that the service is finished. */
export async function finishReplicas(
  { client, ownership }: ProviderContext,
  { name }: ServiceItem,
  instances: readonly InstanceItem[],
): Promise<void> {
  const body = instances.flatMap(({ uuid, tags }) => {
    const value = finishingTags(tags, ownership);
    return value === undefined ? [] : [{ uuid, prop: "tags" as const, op: "set" as const, value }];
  });
  if (body.length === 0) return;
  await sendFinish(
    async () =>
      void allItems(await client.patchInstances({ body }), `Marking the replicas of service '${name}' as finished`),
  );
}

/** The replicas that are ready, whether or not they get connections; undefined if they cannot be read. */
export const findReadyReplicas = (
  context: ProviderContext,
  item: ServiceItem,
  { rollout }: Pick<ServiceInputs, "rollout">,
): Promise<readonly InstanceItem[] | undefined> =>
  listInstances(context, item, isManaged).then(
    (instances) => instances.filter((instance) => hasPassed(readinessPolicy(rollout), instance)),
    () => undefined,
  );
