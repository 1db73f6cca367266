/** The replicas of a service, brought to what its inputs ask for. */
import * as crypto from "node:crypto";
import { isLoopback } from "../../client/client";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { answers } from "../../client/waitForInstance";
import { roll } from "../../rollout/run";
import { observe } from "../../rollout/instances";
import type { ProviderContext } from "../context";
import { guestBlames, toRequest, verifiedDigest } from "../workload/request";
import { MANAGED_TAG, templateTag } from "./replicaTags";
import { toPolicy } from "./rolloutInput";
import { type ServiceInputs, replicasOf } from "./inputs";
import { toOutputs } from "./outputs";
import { isAsMade, isMadeFrom, isManaged } from "./wire";

/** Room for `-` and five characters within a name. */
const MAX_STEM_LENGTH = 57;
const freshName = (service: string): string =>
  `${service.slice(0, MAX_STEM_LENGTH)}-${crypto.randomBytes(3).toString("hex").slice(0, 5)}`;

/** The address to ask for health; `undefined` where it cannot be asked: nobody vouches for the certificate of a local name. */
function healthUrl(item: ServiceItem, { ports }: ServiceInputs): string | undefined {
  const { url } = toOutputs(item, ports, []);
  const isTls = ports.some(({ handlers }) => handlers.includes("tls"));
  return url === "" || (isTls && isLoopback(url)) ? undefined : url;
}

/**
 * Brings the replicas to what the inputs ask for, and returns them; throws with the old ones still serving.
 *
 * @param timeoutMs no new replica gets longer than this to serve, whatever `rollout` says, and no old one longer to stop once drained
 */
export async function rollOut(
  context: ProviderContext,
  item: ServiceItem,
  inputs: ServiceInputs,
  timeoutMs: number,
): Promise<readonly InstanceItem[]> {
  const { client, clock, signal } = context;
  const { template, rollout } = inputs;
  const before = await observe(context, item, isManaged);
  // Of those that are there, what was changed by hand counts as old; of what is launched now nothing was.
  const changed = new Set(before.filter((one) => !isAsMade(template, one)).map(({ uuid }) => uuid));
  const policy = toPolicy(replicasOf(inputs), template ?? { volumes: [] }, rollout);
  const instances = await roll({
    client,
    clock,
    signal,
    service: item,
    url: healthUrl(item, inputs),
    policy: { ...policy, healthyWithinMs: Math.min(policy.healthyWithinMs, timeoutMs) },
    timeoutMs,
    isManaged,
    isNew: (instance) => isMadeFrom(template, instance) && !changed.has(instance.uuid),
    request: () =>
      toRequest(template ?? {}, {
        name: freshName(item.name),
        tags: [MANAGED_TAG, ...(template === undefined ? [] : [templateTag(template)])],
        service_group: { uuid: item.uuid },
      }),
    blames: guestBlames("template."),
  });
  if (template !== undefined) for (const instance of instances) verifiedDigest(instance, template.image);
  return instances;
}

/** The replicas that serve; `undefined` when that cannot be told. */
export const servingNow = (context: ProviderContext, item: ServiceItem): Promise<readonly InstanceItem[] | undefined> =>
  observe(context, item, isManaged).then(
    (instances) => instances.filter((instance) => answers(instance).is === "met"),
    () => undefined,
  );
