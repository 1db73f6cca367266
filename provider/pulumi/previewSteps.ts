/** What an update in place does for sure, where not all that it leads to is known. Pure. */
import type * as z from "zod";
import type { Properties } from "../definition/resource";
import {
  UNKNOWN_ASSUMPTIONS,
  type UnknownAssumption,
  isPlannable,
  substituteUnknowns,
} from "../definition/substituteUnknowns";
import { UNKNOWN, containsUnknown } from "../definition/unknowns";
import type { AnyResource } from "../resources/all";
import type { ResourceDiff } from "./resourceDiff";
import { inputsFromState } from "./dynamic/state";

const inputSchemas = ({ inputs }: AnyResource) => Object.entries(inputs.shape as Readonly<Record<string, z.ZodType>>);

/** The inputs as a plan takes them. What may turn out to be no change is none here, and neither is what no plan can be made of. */
function plannableInputs(
  resource: AnyResource,
  { changes, news }: ResourceDiff,
  before: Properties,
  assumption: UnknownAssumption,
): Properties {
  const uncertain = new Set(changes.filter(({ certain }) => !certain).map(({ property }) => property));
  const substituted = inputSchemas(resource).map(([property, schema]): [string, unknown] => {
    const value = substituteUnknowns(schema, before[property], news[property], assumption);
    return [property, uncertain.has(property) || !isPlannable(schema, value) ? before[property] : value];
  });
  return inputsFromState(resource, Object.fromEntries(substituted));
}

/** The steps, and the properties that change for sure of which the steps do not tell all. */
export function previewSteps(
  resource: AnyResource,
  resourceDiff: ResourceDiff,
): { readonly steps: readonly string[]; readonly partiallyUnknown: readonly string[] } {
  const before = inputsFromState(resource, resourceDiff.olds);
  const [ifUnchanged = [], ifChanged = []] = UNKNOWN_ASSUMPTIONS.map(
    (assumption) =>
      resource.describeUpdate?.(
        before,
        plannableInputs(resource, resourceDiff, before, assumption),
        resourceDiff.olds,
      ) ?? [],
  );
  // What is done however it turns out.
  const steps = ifUnchanged.filter((step) => ifChanged.includes(step));
  const isComplete = steps.length === ifUnchanged.length && steps.length === ifChanged.length;
  const certain = new Set(resourceDiff.changes.filter(({ certain }) => certain).map(({ property }) => property));
  const partiallyUnknown = inputSchemas(resource).filter(([property, schema]) => {
    const value = resourceDiff.news[property];
    return certain.has(property) && containsUnknown(value) && !(isComplete && isPlannable(schema, value));
  });
  return {
    steps: steps.map((step) => step.replaceAll(UNKNOWN, "what is not known yet")),
    partiallyUnknown: partiallyUnknown.map(([property]) => property),
  };
}
