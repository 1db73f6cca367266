/** Conversion of a Service's inputs to the create request, and back from what the API reports. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AutoscaleItem, CreateServiceRequest, InstanceItem, ServiceItem } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { isBroken } from "../../rollout/members/readiness";
import { fromWireAutoscale } from "./autoscalePlan";
import { fromWireDomains, toWireDomain } from "./domains";
import { fromWirePorts, toWirePort } from "./ports";
import { MANAGED_TAG, RETIRED_TAG } from "./replicaTags";
import { isMadeFrom, matchesTemplate, observedTemplate, reportedTemplate } from "./replicaTemplate";
import { readinessPolicy } from "./rollout/policy";
import { SERVICE_DEFAULTS, type ServiceInputs } from "./inputs";
import { configurationOf, hasConfiguration } from "./reload/configuration";
import { omitDefault } from "../common/omit";

type Template = NonNullable<ServiceInputs["template"]>;

/** Time without an instance before the service is deleted, in milliseconds; 0, the server's default: never. */
export const autokillMs = ({ autokill }: Pick<ServiceInputs, "autokill">): number => autokill?.timeMs ?? 0;

/** The smallest create request that expresses the inputs; server defaults are left out. */
export const toCreateRequest = (inputs: ServiceInputs): CreateServiceRequest =>
  omitUndefined({
    name: inputs.name,
    services: inputs.ports.map(toWirePort),
    domains: inputs.domains?.map(toWireDomain),
    soft_limit: omitDefault(SERVICE_DEFAULTS.softLimit, inputs.softLimit),
    hard_limit: omitDefault(SERVICE_DEFAULTS.hardLimit, inputs.hardLimit),
    autokill: autokillMs(inputs) === 0 ? undefined : { time_ms: autokillMs(inputs) },
  });

/** True if a Service created the instance. */
export const isManaged = (instance: InstanceItem): boolean => (instance.tags ?? []).includes(MANAGED_TAG);

/** True if a `blueGreen` rollout keeps the instance for a while: it is no replica any more. */
export const isRetired = (instance: InstanceItem): boolean => (instance.tags ?? []).includes(RETIRED_TAG);

/** A service as the API reports it. */
export interface ObservedService {
  readonly item: ServiceItem;
  /** Undefined if none is configured. */
  readonly autoscale: AutoscaleItem | undefined;
  /** Its replicas: the instances that a Service created. */
  readonly instances: readonly InstanceItem[];
}

type ReplicaInputs = Pick<ServiceInputs, "replicas" | "template">;

/** The replicas of an import. There is no requested template, so it is derived from the first instance. */
function importedReplicas([first, ...others]: readonly InstanceItem[]): ReplicaInputs {
  const template = first && reportedTemplate(first);
  return template === undefined ? { replicas: 0 } : { replicas: others.length + 1, template };
}

/**
 * True if all were created from one template that is not the requested one: a rollout that the state does not know, or its reversal.
 * False if the node does not report what is different, because then nothing but the number would show the drift.
 */
function haveOtherTemplate(template: Template, all: readonly InstanceItem[]): boolean {
  const [first] = all;
  if (first === undefined || all.some((one) => isMadeFrom(template, one))) return false;
  const other = observedTemplate(template, first);
  return (
    !isDeepStrictEqual(other, template) && all.every((one) => isDeepStrictEqual(observedTemplate(template, one), other))
  );
}

/**
 * The observed replicas. An instance with another template, changed by hand or down does not count, unless all requested replicas are
 * live: then it shows as an extra one. If all have one other template, they are replicas of that.
 */
function observedReplicas(
  {
    replicas = 0,
    template,
    rollout = SERVICE_DEFAULTS.rollout,
  }: Partial<ReplicaInputs & Pick<ServiceInputs, "rollout">>,
  all: readonly InstanceItem[],
): ReplicaInputs {
  if (template === undefined) return { replicas: all.length === 0 ? replicas : all.length };
  const policy = readinessPolicy(rollout);
  const isOther = haveOtherTemplate(template, all);
  const isReplica = (one: InstanceItem): boolean => isOther || matchesTemplate(template, one);
  const live = all.filter((one) => isReplica(one) && !isBroken(policy, one)).length;
  const other = all.find((one) => !matchesTemplate(template, one));
  return {
    replicas: live === replicas ? all.length : live,
    template: other === undefined ? template : observedTemplate(template, other),
  };
}

/**
 * The values whose configuration every replica has; undefined if one has another, since nothing tells what its values were, or if no
 * key does.
 */
const observedReloadOn = (
  { reloadOn }: Partial<ServiceInputs>,
  instances: readonly InstanceItem[],
  hashKey: string | undefined,
): ServiceInputs["reloadOn"] => {
  if (reloadOn === undefined || instances.length === 0) return reloadOn;
  const configuration = hashKey === undefined ? undefined : configurationOf(reloadOn, hashKey);
  const areKnown = configuration !== undefined && instances.every((one) => hasConfiguration(one, configuration));
  return areKnown ? reloadOn : undefined;
};

/**
 * The current inputs. A value that is equivalent to the requested one keeps its requested form.
 *
 * @param hashKey the key of the marks of the replicas; `undefined` if it is not known
 */
export function observedInputs(
  { item, autoscale, instances }: ObservedService,
  requested: Partial<ServiceInputs>,
  hashKey: string | undefined,
): ServiceInputs {
  const isImport = requested.name === undefined;
  const killMs = item.autokill?.time_ms ?? 0;
  const ports = fromWirePorts(item.services, requested.ports ?? []);
  return omitUndefined({
    name: item.name,
    ports,
    domains: fromWireDomains(item.domains, requested.domains, item.name),
    softLimit: item.soft_limit ?? requested.softLimit ?? SERVICE_DEFAULTS.softLimit,
    hardLimit: item.hard_limit ?? requested.hardLimit ?? SERVICE_DEFAULTS.hardLimit,
    autokill:
      killMs === requested.autokill?.timeMs ? requested.autokill : killMs === 0 ? undefined : { timeMs: killMs },
    ...(isImport ? importedReplicas(instances) : observedReplicas(requested, instances)),
    rollout: requested.rollout ?? SERVICE_DEFAULTS.rollout,
    reloadOn: observedReloadOn(requested, instances, hashKey),
    reload: requested.reload,
    autoscale: fromWireAutoscale(autoscale, requested.autoscale),
    adopt: requested.adopt ?? false,
  });
}
