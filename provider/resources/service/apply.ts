/** Rolls out the replicas of a service. */
import * as crypto from "node:crypto";
import { isLoopbackUrl } from "../../base/hostNames";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { assessReadiness } from "../../client/waitForInstance";
import { runRollout } from "../../rollout/run";
import { listInstances } from "../../rollout/instances";
import { type ProviderContext, forCleanup } from "../context";
import { workloadErrorContext, toReplicaRequest, verifyDigest } from "../workload/request";
import { MANAGED_TAG, templateTag } from "./replicaTags";
import { toRolloutPolicy } from "./rolloutInput";
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
 * @param timeoutMs limit for each new replica to become ready, even if `rollout` allows longer, and for each drained one to stop
 */
export async function rollOut(
  context: ProviderContext,
  item: ServiceItem,
  inputs: ServiceInputs,
  timeoutMs: number,
): Promise<readonly InstanceItem[]> {
  const { client, clock, signal } = context;
  const { template, rollout } = inputs;
  const before = await listInstances(context, item, isManaged);
  // Existing replicas that were changed by hand count as old. Replicas launched from here on are never compared.
  const drifted = new Set(before.filter((one) => !matchesTemplate(template, one)).map(({ uuid }) => uuid));
  const policy = toRolloutPolicy(desiredReplicas(inputs), template ?? { volumes: [] }, rollout);
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
        tags: [MANAGED_TAG, ...(template === undefined ? [] : [templateTag(template)])],
        service_group: { uuid: item.uuid },
      }),
    errorContexts: workloadErrorContext("template."),
  });
  if (template !== undefined) for (const instance of instances) verifyDigest(instance, template.image);
  return instances;
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
