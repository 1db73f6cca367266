/** The certain steps of an update in place when some values are unknown. Pure. */
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

/** Planner inputs: uncertain changes and unplannable values keep the old value. */
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

/** The certain steps, and the certain changes that the steps do not fully describe. */
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
  // The steps that both plans share.
  const steps = ifUnchanged.filter((step) => ifChanged.includes(step));
  const isComplete = steps.length === ifUnchanged.length && steps.length === ifChanged.length;
  const certain = new Set(resourceDiff.changes.filter(({ certain }) => certain).map(({ property }) => property));
  const partiallyUnknown = inputSchemas(resource).filter(([property, schema]) => {
    const value = resourceDiff.news[property];
    return certain.has(property) && containsUnknown(value) && !(isComplete && isPlannable(schema, value));
  });
  return {
    steps: steps.map((step) => step.replaceAll(UNKNOWN, "a value not known yet")),
    partiallyUnknown: partiallyUnknown.map(([property]) => property),
  };
}
