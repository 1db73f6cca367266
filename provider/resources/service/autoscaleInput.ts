/** The `autoscale` input of a service: shape and rules. Source of the limits: the platform's documentation. Pure. */
import * as z from "zod";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { idOrName } from "../common/fields";

const MAX_POLICIES = 8;
const MAX_STEPS = 4;

const stepInput = objectType(
  "AutoscaleStep",
  "An adjustment while a metric is within bounds.",
  z.strictObject({
    adjustment: field(z.number(), {
      description: "Adjustment, in the unit of `adjustmentType`. A negative `change` or `percent` removes instances.",
    }),
    lowerBound: field(z.number().optional(), {
      description: "Lower bound of the metric. Default, for the first step only: unbounded.",
    }),
    upperBound: field(z.number().optional(), {
      description: "Upper bound of the metric. Default, for the last step only: unbounded.",
    }),
  }),
);

/** Required (`needs`) and optional (`takes`) fields of each type of policy. */
const FIELDS_BY_TYPE = {
  step: { needs: ["metric", "adjustmentType", "steps"], takes: ["highWatermark"] },
  "on-demand": { needs: [], takes: ["exclusive"] },
  create: { needs: ["numRequests"], takes: ["replace"] },
  idle: { needs: ["idleTimeMs"], takes: [] },
} as const;

const policyInput = objectType(
  "AutoscalePolicy",
  "A policy that changes the number of instances.",
  z.strictObject({
    name: field(z.string().min(1), { description: "Name of the policy, unique in the service." }),
    type: field(z.enum(["step", "on-demand", "create", "idle"]), {
      description:
        "`step`: adjusts by a metric; `on-demand`: creates an instance per demand; `create`: creates one after a number of requests; `idle`: removes idle instances.",
    }),
    enabled: field(z.boolean().default(true), {
      description: "False keeps the policy but turns it off. Default true.",
    }),
    metric: field(z.enum(["cpu", "inflight_reqs", "reqs_per_sec"]).optional(), {
      description: "For `step`, required: `cpu` (millicores), `inflight_reqs`, or `reqs_per_sec`.",
    }),
    adjustmentType: field(z.enum(["change", "exact", "percent"]).optional(), {
      description:
        "For `step`, required: unit of `adjustment`. `change`: instances to add; `exact`: total number of instances; `percent`: percentage to add.",
    }),
    steps: field(z.array(stepInput).min(1).max(MAX_STEPS).optional(), {
      description: `For \`step\`, required: 1 to ${MAX_STEPS} steps, ordered by bounds, without gaps or overlaps.`,
    }),
    highWatermark: field(z.number().min(0).max(1).optional(), {
      description: "For `step`: high-water mark as a fraction of the limit, 0 to 1. Default: the platform's.",
    }),
    exclusive: field(z.boolean().optional(), {
      description: "For `on-demand`: an instance serves only one demand. Default: the platform's.",
    }),
    numRequests: field(z.int().min(0).optional(), { description: "For `create`, required: number of requests." }),
    replace: field(z.boolean().optional(), {
      description: "For `create`: the new instance replaces an existing one. Default: the platform's.",
    }),
    idleTimeMs: field(z.int().min(0).optional(), {
      description: "For `idle`, required: idle time before an instance is removed, in milliseconds.",
    }),
  }),
);
/** A checked policy. */
export type AutoscalePolicyInput = z.output<typeof policyInput>;

/** The `autoscale` input. */
export const autoscaleInput = objectType(
  "Autoscale",
  "How the platform chooses the number of instances of a service.",
  z.strictObject({
    template: field(idOrName(), { description: "Id or name of the instance template to create instances from." }),
    minSize: field(z.int().min(0).default(1), {
      description: "Minimum number of instances, within the account's limits. Default 1.",
    }),
    maxSize: field(z.int().min(1).default(4), {
      description: "Maximum number of instances, within the account's limits. Default 4.",
    }),
    warmupTimeMs: field(z.int().min(1).default(1000), {
      description: "How long metrics ignore a new instance, in milliseconds. Default 1000.",
    }),
    cooldownTimeMs: field(z.int().min(1).default(1000), {
      description: "Time between two scaling decisions, in milliseconds. Default 1000.",
    }),
    policies: field(z.array(policyInput).max(MAX_POLICIES).default([]), {
      description: `Scaling policies, up to ${MAX_POLICIES}. Default: none.`,
      unordered: true,
    }),
  }),
);
/** The checked `autoscale` input. */
export type AutoscaleInput = z.output<typeof autoscaleInput>;

type AutoscaleStepInput = z.output<typeof stepInput>;

function checkSteps(steps: readonly AutoscaleStepInput[]): readonly CheckFailure[] {
  return steps.flatMap(({ lowerBound, upperBound }, index) => {
    const failures: CheckFailure[] = [];
    const previous = steps[index - 1];
    const fail = (property: string, reason: string) =>
      failures.push({ property: `steps[${index}].${property}`, reason });
    if (lowerBound !== undefined && upperBound !== undefined && lowerBound >= upperBound)
      fail("upperBound", `must be greater than lowerBound (${lowerBound}), got ${upperBound}.`);
    if (previous === undefined) return failures;
    if (previous.upperBound === undefined)
      fail("lowerBound", `the previous step has no upperBound, so this step can never apply; set one there.`);
    else if (lowerBound !== previous.upperBound)
      fail(
        "lowerBound",
        `must be ${previous.upperBound}, the upperBound of the previous step, got ${lowerBound ?? "none"}: steps cannot leave gaps or overlap.`,
      );
    return failures;
  });
}

function checkPolicy(policy: AutoscalePolicyInput): readonly CheckFailure[] {
  const { needs, takes } = FIELDS_BY_TYPE[policy.type];
  const known: readonly string[] = ["name", "type", "enabled", ...needs, ...takes];
  const unexpected = Object.entries(policy).filter(([name, value]) => value !== undefined && !known.includes(name));
  return [
    ...needs
      .filter((name) => policy[name] === undefined)
      .map((property) => ({ property, reason: `required for a policy of type "${policy.type}".` })),
    ...unexpected.map(([property]) => ({
      property,
      reason: `not allowed for a policy of type "${policy.type}", which takes ${[...needs, ...takes].join(", ") || "no other property"}.`,
    })),
    ...checkSteps(policy.steps ?? []),
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
      : [{ property: "autoscale.minSize", reason: `must be at most maxSize (${maxSize}), got ${minSize}.` }]),
    ...policies.flatMap((policy, index) => {
      const at = `autoscale.policies[${index}]`;
      const isDuplicate = names.indexOf(policy.name) !== index;
      const duplicate = {
        property: `${at}.name`,
        reason: `"${policy.name}" is given twice; give each policy a unique name.`,
      };
      const failures = checkPolicy(policy).map(({ property, reason }) => ({ property: `${at}.${property}`, reason }));
      return isDuplicate ? [duplicate, ...failures] : failures;
    }),
  ];
}
