/** Which changes of a template a stopped replica can take. Pure. */
import { diff } from "../../../definition/diff";
import { fieldsIn } from "../../../definition/fields";
import type { CheckFailure, Properties, Rule } from "../../../definition/resource";
import { type ServiceInputs, templateInput } from "../inputs";

/** Inputs of a template that an instance keeps for life. Source: the API's update of an instance. */
const FIXED_INPUTS = fieldsIn(templateInput).filter(({ meta }) => meta?.onChange === "replace");

/** These inputs of a template. State of an earlier release lacks newer ones, which then have their defaults. */
const pickFixed = (template: Properties): Properties =>
  Object.fromEntries(
    FIXED_INPUTS.map(({ name, schema }) => [name, template[name] ?? schema.safeParse(undefined).data]),
  );

/** With the strategy `inPlace`, replicas keep their identity, so inputs that are set at creation cannot change. */
export const inPlaceRule: Rule<ServiceInputs> = {
  reads: ["replicas", "rollout.strategy", ...FIXED_INPUTS.map(({ name }) => `template.${name}` as const)],
  test({ replicas, rollout, template }, olds): readonly CheckFailure[] {
    const { template: before } = olds;
    if (rollout.strategy !== "inPlace" || replicas === 0 || template === undefined) return [];
    if (before === null || typeof before !== "object") return [];
    return diff({ inputs: templateInput }, pickFixed(before as Properties), pickFixed(template)).map(
      ({ property }) => ({
        property: `template.${property}`,
        reason:
          'cannot change with the strategy "inPlace": an instance keeps it from its creation on. Use "rolling" or "recreate" for this update.',
      }),
    );
  },
};
