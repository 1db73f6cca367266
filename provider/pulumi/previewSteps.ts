/** What an update in place does for sure, where not all that it leads to is known. Pure. */
import type * as z from "zod";
import type { Properties } from "../definition/resource";
import { READINGS, type Reading, isReadable, readAs } from "../definition/substituteUnknowns";
import { UNKNOWN, containsUnknown } from "../definition/unknowns";
import type { AnyResource } from "../resources/all";
import type { Decided } from "./resourceDiff";
import { inputsOf } from "./dynamic/state";

const fieldsOf = ({ inputs }: AnyResource) => Object.entries(inputs.shape as Readonly<Record<string, z.ZodType>>);

/** The inputs as a plan takes them. What may turn out to be no change is none here, and neither is what no plan can be made of. */
function plannable(
  resource: AnyResource,
  { changes, news }: Decided,
  before: Properties,
  reading: Reading,
): Properties {
  const open = new Set(changes.filter(({ certain }) => !certain).map(({ property }) => property));
  const read = fieldsOf(resource).map(([property, schema]): [string, unknown] => {
    const value = readAs(schema, before[property], news[property], reading);
    return [property, open.has(property) || !isReadable(schema, value) ? before[property] : value];
  });
  return inputsOf(resource, Object.fromEntries(read));
}

/** The steps, and the properties that change for sure of which the steps do not tell all. */
export function sureSteps(
  resource: AnyResource,
  decided: Decided,
): { readonly steps: readonly string[]; readonly vague: readonly string[] } {
  const before = inputsOf(resource, decided.olds);
  const [same = [], other = []] = READINGS.map(
    (reading) => resource.describeUpdate?.(before, plannable(resource, decided, before, reading), decided.olds) ?? [],
  );
  // What is done however it turns out.
  const steps = same.filter((step) => other.includes(step));
  const isAll = steps.length === same.length && steps.length === other.length;
  const sure = new Set(decided.changes.filter(({ certain }) => certain).map(({ property }) => property));
  const vague = fieldsOf(resource).filter(([property, schema]) => {
    const value = decided.news[property];
    return sure.has(property) && containsUnknown(value) && !(isAll && isReadable(schema, value));
  });
  return {
    steps: steps.map((step) => step.replaceAll(UNKNOWN, "what is not known yet")),
    vague: vague.map(([property]) => property),
  };
}
