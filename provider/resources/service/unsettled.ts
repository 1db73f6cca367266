/** Whether the replicas of a service are left to be changed, whatever the state says that they are. Pure. */
import { isDeepStrictEqual } from "node:util";
import { PENDING_START_KEY } from "../../definition/initFailed";
import type { Properties } from "../../definition/resource";
import { isBroken } from "../../rollout/members/readiness";
import { SERVICE_DEFAULTS, type ServiceInputs } from "./inputs";
import { taggedTemplate } from "./replicaTags";
import { matchesTemplate, observedTemplate } from "./replicaTemplate";
import { readinessPolicy } from "./rollout/policy";
import type { ObservedService } from "./wire";

/**
 * True if replicas differ from one another, as in the middle of a rollout, or are down.
 *
 * The inputs can show such a service only as another number of replicas of one template. The next refresh compares with those inputs, and
 * what it finds may be what the program says, with nothing changed in between.
 */
export function isUnsettled(
  { instances, autoscale }: ObservedService,
  { template, rollout = SERVICE_DEFAULTS.rollout }: Partial<ServiceInputs>,
): boolean {
  const [first] = instances;
  if (template === undefined || first === undefined) return false;
  // The platform replaces those itself.
  const policy = readinessPolicy(rollout);
  if (autoscale === undefined && instances.some((one) => isBroken(policy, one))) return true;
  if (instances.every((one) => matchesTemplate(template, one))) return false;
  const observed = observedTemplate(template, first);
  return instances.some(
    (one) =>
      taggedTemplate(one) !== taggedTemplate(first) || !isDeepStrictEqual(observedTemplate(template, one), observed),
  );
}

/** What makes the next update finish the service, as an output; empty for one that is as it should be. */
export const unsettledOutput = (observed: ObservedService, inputs: Partial<ServiceInputs>): Properties =>
  isUnsettled(observed, inputs) ? { [PENDING_START_KEY]: true } : {};
