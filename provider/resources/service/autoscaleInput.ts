/** The `autoscale` input of a service: shape and rules. Source of the limits: the platform's documentation. Pure. */
import * as z from "zod";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { idOrName } from "../common/fields";

const MAX_POLICIES = 8;
const MAX_STEPS = 4;

const stepInput = objectType(
  "AutoscaleStep",
  "What to do while a metric is within bounds.",
  z.strictObject({
    adjustment: field(z.number(), {
      description:
        "Instances to add (or, below 0, to remove), instances to have, or percent to add, as `adjustmentType` says.",
    }),
    lowerBound: field(z.number().optional(), {
      description: "The metric from which it applies. Default, for the first step: none.",
    }),
    upperBound: field(z.number().optional(), {
      description: "The metric up to which it applies. Default, for the last step: none.",
    }),
  }),
);

/** Fields of each type of policy. */
const FIELDS_BY_TYPE = {
  step: { needs: ["metric", "adjustmentType", "steps"], takes: ["highWatermark"] },
  "on-demand": { needs: [], takes: ["exclusive"] },
  create: { needs: ["numRequests"], takes: ["replace"] },
  idle: { needs: ["idleTimeMs"], takes: [] },
} as const;

const policyInput = objectType(
  "AutoscalePolicy",
  "When the number of instances changes.",
  z.strictObject({
    name: field(z.string().min(1), { description: "Name of the policy, unique in its service." }),
    type: field(z.enum(["step", "on-demand", "create", "idle"]), {
      description:
        "`step`: by a metric; `on-demand`: an instance per demand; `create`: after a number of requests; `idle`: removes what is idle.",
    }),
    enabled: field(z.boolean().default(true), { description: "False: it is kept and does nothing. Default true." }),
    metric: field(z.enum(["cpu", "inflight_reqs", "reqs_per_sec"]).optional(), {
      description: "Of `step`, required: `cpu` (millicores), `inflight_reqs`, or `reqs_per_sec`.",
    }),
    adjustmentType: field(z.enum(["change", "exact", "percent"]).optional(), {
      description:
        "Of `step`, required: how each `adjustment` counts. `change`: so many more or fewer; `exact`: so many in all; `percent`: so many percent more or fewer.",
    }),
    steps: field(z.array(stepInput).min(1).max(MAX_STEPS).optional(), {
      description: `Of \`step\`, required: up to ${MAX_STEPS} steps in the order of their bounds, without a gap or an overlap.`,
    }),
    highWatermark: field(z.number().min(0).max(1).optional(), {
      description: "Of `step`: share of its limit, 0 to 1.",
    }),
    exclusive: field(z.boolean().optional(), { description: "Of `on-demand`: no instance serves two demands." }),
    numRequests: field(z.int().min(0).optional(), { description: "Of `create`, required: number of requests." }),
    replace: field(z.boolean().optional(), { description: "Of `create`: the new instance replaces one." }),
    idleTimeMs: field(z.int().min(0).optional(), {
      description: "Of `idle`, required: milliseconds without work after which an instance goes.",
    }),
  }),
);
export type AutoscalePolicyInput = z.output<typeof policyInput>;

/** The `autoscale` input. */
export const autoscaleInput = objectType(
  "Autoscale",
  "How many instances the platform itself runs in a service.",
  z.strictObject({
    template: field(idOrName(), { description: "Id or name of the instance template that instances are made from." }),
    minSize: field(z.int().min(0).default(1), {
      description: "Fewest instances, within the account's limits. Default 1.",
    }),
    maxSize: field(z.int().min(1).default(4), {
      description: "Most instances, within the account's limits. Default 4.",
    }),
    warmupTimeMs: field(z.int().min(1).default(1000), {
      description: "Metrics ignore a new instance for so long, in milliseconds. Default 1000.",
    }),
    cooldownTimeMs: field(z.int().min(1).default(1000), {
      description: "Pause between two decisions, in milliseconds. Default 1000.",
    }),
    policies: field(z.array(policyInput).max(MAX_POLICIES).default([]), {
      description: `Up to ${MAX_POLICIES} policies; added and removed one by one. Default: none.`,
      unordered: true,
    }),
  }),
);
export type AutoscaleInput = z.output<typeof autoscaleInput>;

type AutoscaleStepInput = z.output<typeof stepInput>;

function checkSteps(steps: readonly AutoscaleStepInput[]): readonly CheckFailure[] {
  return steps.flatMap(({ lowerBound, upperBound }, index) => {
    const failures: CheckFailure[] = [];
    const previous = steps[index - 1];
    const fail = (property: string, reason: string) =>
      failures.push({ property: `steps[${index}].${property}`, reason });
    if (lowerBound !== undefined && upperBound !== undefined && lowerBound >= upperBound)
      fail("upperBound", `must be above the lower bound, which is ${lowerBound}, got ${upperBound}.`);
    if (previous === undefined) return failures;
    if (previous.upperBound === undefined)
      fail("lowerBound", `the step before has no upperBound, so nothing is left for this one; give it one.`);
    else if (lowerBound !== previous.upperBound)
      fail(
        "lowerBound",
        `must be ${previous.upperBound}, where the step before ends, got ${lowerBound ?? "none"}: steps leave no gap and do not overlap.`,
      );
    return failures;
  });
}

function checkPolicy(given: AutoscalePolicyInput): readonly CheckFailure[] {
  const { needs, takes } = FIELDS_BY_TYPE[given.type];
  const known: readonly string[] = ["name", "type", "enabled", ...needs, ...takes];
  const unexpected = Object.entries(given).filter(([name, value]) => value !== undefined && !known.includes(name));
  return [
    ...needs
      .filter((name) => given[name] === undefined)
      .map((property) => ({ property, reason: `required for a policy of type "${given.type}".` })),
    ...unexpected.map(([property]) => ({
      property,
      reason: `is not for a policy of type "${given.type}", which takes ${[...needs, ...takes].join(", ") || "nothing else"}.`,
    })),
    ...checkSteps(given.steps ?? []),
  ];
}

/** The rules for sizes and policies. */
export function checkAutoscale(autoscale: AutoscaleInput | undefined): readonly CheckFailure[] {
  if (autoscale === undefined) return [];
  const { minSize, maxSize, policies } = autoscale;
  const names = policies.map(({ name }) => name);
  return [
    ...(minSize <= maxSize
      ? []
      : [{ property: "autoscale.minSize", reason: `must not be above maxSize, which is ${maxSize}, got ${minSize}.` }]),
    ...policies.flatMap((given, index) => {
      const at = `autoscale.policies[${index}]`;
      const isDuplicate = names.indexOf(given.name) !== index;
      const duplicate = { property: `${at}.name`, reason: `"${given.name}" is given twice; name each policy once.` };
      const failures = checkPolicy(given).map(({ property, reason }) => ({ property: `${at}.${property}`, reason }));
      return isDuplicate ? [duplicate, ...failures] : failures;
    }),
  ];
}
