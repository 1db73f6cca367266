/** A Service between its inputs and the API: the request that creates it, and its inputs as the API reports them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AutoscaleItem, CreateServiceRequest, InstanceItem, ServiceItem } from "../../contract/models";
import { assessReadiness } from "../../client/waitForInstance";
import { omitUndefined } from "../../base/objects";
import { fromWireAutoscale } from "./autoscalePlan";
import { fromWireDomains, toWireDomain } from "./domains";
import { digestIn } from "../workload/request";
import type { Workload } from "../workload/inputs";
import { WORKLOAD_WIRE } from "../workload/wire";
import { fromWirePorts, toWirePort } from "./ports";
import { MANAGED_TAG, isReplicaTag, templateTag } from "./replicaTags";
import { SERVICE_DEFAULTS, type ServiceInputs, templateInput } from "./inputs";
import { omitDefault } from "../common/omit";
import { decodeInputs } from "../common/wire";

type Template = NonNullable<ServiceInputs["template"]>;

/** Milliseconds without an instance; 0, the server's default, is never. */
export const autokillMs = ({ autokill }: Pick<ServiceInputs, "autokill">): number => autokill?.timeMs ?? 0;

/** The smallest request that expresses a new service group. */
export const toCreateRequest = (inputs: ServiceInputs): CreateServiceRequest =>
  omitUndefined({
    name: inputs.name,
    services: inputs.ports.map(toWirePort),
    domains: inputs.domains?.map(toWireDomain),
    soft_limit: omitDefault(SERVICE_DEFAULTS.softLimit, inputs.softLimit),
    hard_limit: omitDefault(SERVICE_DEFAULTS.hardLimit, inputs.hardLimit),
    autokill: autokillMs(inputs) === 0 ? undefined : { time_ms: autokillMs(inputs) },
  });

/** Was it made by a Service resource? */
export const isManaged = (instance: InstanceItem): boolean => (instance.tags ?? []).includes(MANAGED_TAG);

/** Made from this template, and running the image it asks for, as far as the platform says already what runs. */
export function isMadeFrom(template: Template | undefined, instance: InstanceItem): boolean {
  if (template === undefined) return false;
  const wanted = digestIn(template.image);
  const runs = digestIn(instance.image ?? "");
  const isTagged = (instance.tags ?? []).includes(templateTag(template));
  return isTagged && (wanted === undefined || runs === undefined || runs === wanted);
}

/** The template as one of its instances has it. */
function observedTemplate(template: Template, instance: InstanceItem, isImport = false): Template {
  const tags = (instance.tags ?? []).filter((tag) => !isReplicaTag(tag));
  // The image is among what is asked for, and what is not reported stays.
  return decodeInputs<Workload>(
    WORKLOAD_WIRE,
    { ...instance, tags },
    { inputs: template, isImport, isCopy: false },
  ) as Template;
}

/** Made from this template, and not changed by hand since. */
export const matchesTemplate = (template: Template | undefined, instance: InstanceItem): boolean =>
  template !== undefined &&
  isMadeFrom(template, instance) &&
  isDeepStrictEqual(observedTemplate(template, instance), template);

/** What is there. */
export interface ObservedService {
  readonly item: ServiceItem;
  /** `undefined` where none is configured. */
  readonly autoscale: AutoscaleItem | undefined;
  /** Those that a Service resource made. */
  readonly instances: readonly InstanceItem[];
}

type ReplicaInputs = Pick<ServiceInputs, "replicas" | "template">;

/** Nothing was asked for: a template is told by one of its instances. */
function importedReplicas([first, ...others]: readonly InstanceItem[]): ReplicaInputs {
  const template = templateInput.safeParse({ image: first?.image }).data;
  if (first === undefined || template === undefined) return { replicas: 0 };
  return { replicas: others.length + 1, template: observedTemplate(template, first, true) };
}

/** What runs another template, was changed by hand or is down is no replica; where all are there, it is one too many. */
function observedReplicas(
  { replicas = 0, template }: Partial<ReplicaInputs>,
  all: readonly InstanceItem[],
): ReplicaInputs {
  if (template === undefined) return { replicas: all.length === 0 ? replicas : all.length };
  const live = all.filter((one) => matchesTemplate(template, one) && assessReadiness(one).outcome !== "failed").length;
  const other = all.find((one) => !matchesTemplate(template, one));
  return {
    replicas: live === replicas ? all.length : live,
    template: other === undefined ? template : observedTemplate(template, other),
  };
}

/** The inputs that would make what is there, in the form in which they were asked for wherever that means the same. */
export function observedInputs(
  { item, autoscale, instances }: ObservedService,
  requested: Partial<ServiceInputs>,
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
    autoscale: fromWireAutoscale(autoscale, requested.autoscale),
    adopt: requested.adopt ?? false,
  });
}
