/** Rolls out the replicas of a service. */
import * as crypto from "node:crypto";
import { allItems } from "../../client/client";
import { isLoopbackUrl } from "../../base/hostNames";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { assessReadiness } from "../../client/waitForInstance";
import { runRollout } from "../../rollout/run";
import { listInstances } from "../../rollout/instances";
import { type ProviderContext, forCleanup } from "../context";
import type { Workload } from "../workload/inputs";
import { printConsole } from "../workload/printConsole";
import { workloadErrorContext, toReplicaRequest, verifyDigest } from "../workload/request";
import { finishedMark, finishingTags, unfinishedMark } from "../common/ownershipMark";
import { sendFinish } from "../common/createOrResume";
import { MANAGED_TAG, templateTag } from "./replicaTags";
import { toRolloutPolicy } from "./rollout/policy";
import { type ServiceInputs, desiredReplicas } from "./inputs";
import { toOutputs } from "./outputs";
import { matchesTemplate, isMadeFrom, isManaged } from "./wire";

/** Leaves room for `-` and five characters in a name of 63. */
const MAX_STEM_LENGTH = 57;
const newReplicaName = (service: string): string =>
  `${service.slice(0, MAX_STEM_LENGTH)}-${crypto.randomBytes(3).toString("hex").slice(0, 5)}`;

/** The URL for health checks; undefined if the service has none, or if it is a local TLS URL, whose certificate is not trusted. */
function healthUrl(item: ServiceItem, { ports }: ServiceInputs): string | undefined {
  const { url } = toOutputs(item, ports, []);
  const isTls = ports.some(({ handlers }) => handlers.includes("tls"));
  return url === "" || (isTls && isLoopbackUrl(url)) ? undefined : url;
}

/**
 * Rolls the template out to the desired number of replicas, and returns them. If it throws, the old replicas still serve.
 *
 * @param options.timeoutMs limit for each new replica to become ready, even if `rollout` allows longer, and for each drained one to stop
 * @param options.isCreate marks new replicas as unfinished, until {@link finishReplicas}
 */
export async function rollOut(
  context: ProviderContext,
  item: ServiceItem,
  inputs: ServiceInputs,
  { timeoutMs, isCreate }: { readonly timeoutMs: number; readonly isCreate: boolean },
): Promise<readonly InstanceItem[]> {
  const { client, clock, signal, ownership } = context;
  const mark = ownership && (isCreate ? unfinishedMark : finishedMark)(ownership);
  const { template, rollout } = inputs;
  const before = await listInstances(context, item, isManaged);
  // Existing replicas that were changed by hand count as old. Replicas launched from here on are never compared.
  const drifted = new Set(before.filter((one) => !matchesTemplate(template, one)).map(({ uuid }) => uuid));
  const policy = toRolloutPolicy(desiredReplicas(inputs), template ?? { volumes: [] }, rollout, inputs.ports);
  const instances = await runRollout({
    client,
    clock,
    signal,
    cleanup: () => forCleanup(context),
    service: item,
    url: healthUrl(item, inputs),
    policy: { ...policy, healthyWithinMs: Math.min(policy.healthyWithinMs, timeoutMs) },
    timeoutMs,
    isManaged,
    isNew: (instance) => isMadeFrom(template, instance) && !drifted.has(instance.uuid),
    createRequest: () =>
      toReplicaRequest(template ?? {}, {
        name: newReplicaName(item.name),
        tags: [
          MANAGED_TAG,
          ...(template === undefined ? [] : [templateTag(template)]),
          ...(mark === undefined ? [] : [mark]),
        ],
        service_group: { uuid: item.uuid },
      }),
    reportConsole: (instance) => reportConsole(context, instance, template ?? {}),
    errorContexts: workloadErrorContext("template."),
  });
  if (template !== undefined) for (const instance of instances) verifyDigest(instance, template.image);
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

/** The replicas that serve; undefined if they cannot be read. */
export const findServingReplicas = (
  context: ProviderContext,
  item: ServiceItem,
): Promise<readonly InstanceItem[] | undefined> =>
  listInstances(context, item, isManaged).then(
    (instances) => instances.filter((instance) => assessReadiness(instance).outcome === "met"),
    () => undefined,
  );

/** Prints the console of a replica that is about to be removed, and says so; or says how else to read it. */
async function reportConsole(
  context: ProviderContext,
  instance: InstanceItem,
  template: Partial<Workload>,
): Promise<string> {
  return (await printConsole(context, instance, [template]))
    ? "Its last console lines are in the output of this operation."
    : "Its console log was removed with it; to read one, run the template as an Instance.";
}
