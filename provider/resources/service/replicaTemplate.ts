/** Which template a replica was made from, as the metro reports it. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { InstanceItem } from "../../contract/models";
import { decodeInputs } from "../common/wire";
import type { Workload } from "../workload/inputs";
import { digestIn } from "../workload/request";
import { WORKLOAD_WIRE } from "../workload/wire";
import { type ServiceInputs, templateInput } from "./inputs";
import { isReplicaTag, templateTag } from "./replicaTags";

/** Inputs of a replica. */
export type Template = NonNullable<ServiceInputs["template"]>;

/** True if the instance was created from this template and runs its image. An image that is not reported yet counts as equal. */
export function isMadeFrom(template: Template | undefined, instance: InstanceItem): boolean {
  if (template === undefined) return false;
  const wanted = digestIn(template.image);
  const runs = digestIn(instance.image ?? "");
  const isTagged = (instance.tags ?? []).includes(templateTag(template));
  return isTagged && (wanted === undefined || runs === undefined || runs === wanted);
}

/** The template, with the values that one of its instances reports. */
export function observedTemplate(template: Template, instance: InstanceItem, isImport = false): Template {
  const tags = (instance.tags ?? []).filter((tag) => !isReplicaTag(tag));
  // The result has an image because `template` has one: values that are not reported stay.
  return decodeInputs<Workload>(
    WORKLOAD_WIRE,
    { ...instance, tags },
    { inputs: template, isImport, isCopy: false },
  ) as Template;
}

/** True if the instance was created from this template and was not changed by hand since. */
export const matchesTemplate = (template: Template | undefined, instance: InstanceItem): boolean =>
  template !== undefined &&
  isMadeFrom(template, instance) &&
  isDeepStrictEqual(observedTemplate(template, instance), template);

/** The template of an instance, from nothing but what the metro reports of it; undefined if it reports no image. */
export function reportedTemplate(instance: InstanceItem): Template | undefined {
  const template = templateInput.safeParse({ image: instance.image }).data;
  return template && observedTemplate(template, instance, true);
}
