/** What a Service is, from what the API says, as its inputs. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AutoscaleItem, InstanceItem, ServiceItem } from "../../contract/models";
import { answers } from "../../client/waitForInstance";
import { defined } from "../../base/objects";
import { fromWireAutoscale } from "./autoscalePlan";
import { fromWireDomains } from "./domains";
import { digestIn } from "../workload/request";
import type { Guest } from "../workload/inputs";
import { GUEST_WIRE } from "../workload/wire";
import { fromWirePorts } from "./ports";
import { MANAGED_TAG, isOwnTag, templateTag } from "./replicaTags";
import { SERVICE_DEFAULTS, type ServiceInputs, templateInput } from "./inputs";
import { readBack } from "../common/wire";

type Template = NonNullable<ServiceInputs["template"]>;

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
function templateAsIs(template: Template, instance: InstanceItem, isForeign = false): Template {
  const tags = (instance.tags ?? []).filter((tag) => !isOwnTag(tag));
  // The image is among what is asked for, and what is not reported stays.
  return readBack<Guest>(GUEST_WIRE, { ...instance, tags }, { inputs: template, isForeign, isCopy: false }) as Template;
}

/** Made from this template, and not changed by hand since. */
export const isAsMade = (template: Template | undefined, instance: InstanceItem): boolean =>
  template !== undefined &&
  isMadeFrom(template, instance) &&
  isDeepStrictEqual(templateAsIs(template, instance), template);

/** What is there. */
export interface ServiceFacts {
  readonly item: ServiceItem;
  /** `undefined` where none is configured. */
  readonly autoscale: AutoscaleItem | undefined;
  /** Those that a Service resource made. */
  readonly instances: readonly InstanceItem[];
}

type Instances = Pick<ServiceInputs, "replicas" | "template">;

/** Nothing was asked for: a template is told by one of its instances. */
function importedInstances([first, ...others]: readonly InstanceItem[]): Instances {
  const template = templateInput.safeParse({ image: first?.image }).data;
  if (first === undefined || template === undefined) return { replicas: 0 };
  return { replicas: others.length + 1, template: templateAsIs(template, first, true) };
}

/** What runs another template, was changed by hand or is down is no replica; where all are there, it is one too many. */
function instancesAsIs({ replicas = 0, template }: Partial<Instances>, all: readonly InstanceItem[]): Instances {
  if (template === undefined) return { replicas: all.length === 0 ? replicas : all.length };
  const live = all.filter((one) => isAsMade(template, one) && answers(one).is !== "failed").length;
  const other = all.find((one) => !isAsMade(template, one));
  return {
    replicas: live === replicas ? all.length : live,
    template: other === undefined ? template : templateAsIs(template, other),
  };
}

/** The inputs that would make what is there, in the form in which they were asked for wherever that means the same. */
export function inputsAsIs({ item, autoscale, instances }: ServiceFacts, asked: Partial<ServiceInputs>): ServiceInputs {
  const isImport = asked.name === undefined;
  const killMs = item.autokill?.time_ms ?? 0;
  const ports = fromWirePorts(item.services, asked.ports ?? []);
  return defined({
    name: item.name,
    ports,
    domains: fromWireDomains(item.domains, asked.domains, item.name),
    softLimit: item.soft_limit ?? asked.softLimit ?? SERVICE_DEFAULTS.softLimit,
    hardLimit: item.hard_limit ?? asked.hardLimit ?? SERVICE_DEFAULTS.hardLimit,
    autokill: killMs === asked.autokill?.timeMs ? asked.autokill : killMs === 0 ? undefined : { timeMs: killMs },
    ...(isImport ? importedInstances(instances) : instancesAsIs(asked, instances)),
    rollout: asked.rollout ?? SERVICE_DEFAULTS.rollout,
    autoscale: fromWireAutoscale(autoscale, asked.autoscale),
    adopt: asked.adopt ?? false,
  });
}
