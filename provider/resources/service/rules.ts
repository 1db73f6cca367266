/** Rules across the inputs of a Service, and its quota usage. Pure. */
import type { CheckFailure, Properties, Rule } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import { countReplicas } from "../../rollout/progress/describe";
import { lengthOrZero, numberOrZero, workloadQuotaUsage } from "../workload/quotaUsage";
import { templateRules } from "../workload/rules";
import { checkAutoscale } from "./autoscaleInput";
import { checkDomains } from "./domains";
import type { ServiceInputs } from "./inputs";
import { checkPorts } from "./ports";
import { checkTemplateTags } from "./replicaTags";
import { reloadRules } from "./reload/rules";
import { GATE_PATHS, checkGate } from "./rollout/gateRules";
import { inPlaceRule } from "./rollout/inPlaceRule";
import { ROLLOUT_PATHS, checkRollout } from "./rollout/rules";

/** Checks only whether inputs are set, so unknown values inside them do not matter. */
function checkReplicas({ template, replicas, autoscale }: ServiceInputs): readonly CheckFailure[] {
  if (isUnknown(template) || isUnknown(autoscale) || replicas === 0) return [];
  if (template === undefined && autoscale === undefined) {
    const reason = `required for ${countReplicas(replicas)}. Otherwise set autoscale, or replicas: 0 for a service that instances join.`;
    return [{ property: "template", reason }];
  }
  if (template === undefined || autoscale === undefined) return [];
  const reason = `cannot be combined with ${countReplicas(replicas)} of a template. Set replicas: 0, or remove autoscale.`;
  return [{ property: "autoscale", reason }];
}

function checkLimits({ softLimit, hardLimit }: ServiceInputs): readonly CheckFailure[] {
  if (softLimit <= hardLimit) return [];
  return [{ property: "softLimit", reason: `must be at most hardLimit (${hardLimit}), got ${softLimit}.` }];
}

/** The rules of a Service. */
export const serviceRules: readonly Rule<ServiceInputs>[] = [
  { reads: ["ports"], test: ({ ports }) => checkPorts(ports) },
  { reads: ["domains"], test: ({ domains }) => checkDomains(domains) },
  { reads: ["softLimit", "hardLimit"], test: checkLimits },
  { reads: ["autoscale"], test: ({ autoscale }) => checkAutoscale(autoscale) },
  { reads: ["replicas"], test: checkReplicas },
  {
    reads: ["replicas", "template.volumes", ...ROLLOUT_PATHS],
    test: ({ replicas, template, rollout }) => checkRollout(replicas, template ?? { volumes: [] }, rollout),
  },
  {
    reads: ["ports", "rollout.healthyWithinMs", ...GATE_PATHS],
    test: ({ ports, rollout }) => checkGate(ports, rollout),
  },
  inPlaceRule,
  ...reloadRules,
  { reads: ["template.tags"], test: ({ template }) => (template === undefined ? [] : checkTemplateTags(template)) },
  ...templateRules.map(({ reads, test }) => ({
    reads,
    test: ({ template }: ServiceInputs, olds: Properties) => (template === undefined ? [] : test({ template }, olds)),
  })),
];

/** Quota usage of a Service, by the API's quota name. Instances that autoscale creates are not counted. */
export function serviceQuotaUsage(inputs: Properties): Readonly<Record<string, number>> {
  const { template, replicas, ports } = inputs;
  const isTemplate = template !== null && typeof template === "object";
  const each = isTemplate ? workloadQuotaUsage(template as Properties, true) : {};
  return {
    service_groups: 1,
    services: lengthOrZero(ports),
    ...Object.fromEntries(Object.entries(each).map(([quota, taken]) => [quota, numberOrZero(replicas) * taken])),
  };
}

/** True if the service holds something that only one service can hold: a domain, or a volume that its replicas write to. */
export function holdsExclusiveResource({ domains, template, rollout }: Properties): boolean {
  const { volumes } = (template ?? {}) as Properties;
  const { sharedVolumes } = (rollout ?? {}) as Properties;
  const writes = Array.isArray(volumes) && volumes.some((mount) => (mount as Properties)["readonly"] !== true);
  return (domains !== undefined && domains !== null) || (writes && sharedVolumes !== true);
}
