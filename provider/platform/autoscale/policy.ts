/** Parses and encodes policies. Pure. Source: the cloud's documentation of autoscale. */
import type { AutoscalePolicy } from "../../contract/models";
import { ApiItemError } from "../errors";
import type { ScalePolicy, ScaleStep, StepPolicy } from "../store/autoscale";

/** Most policies per service group. */
export const MAX_POLICIES = 8;

type PolicyType = ScalePolicy["type"];
type PolicyField = Exclude<keyof AutoscalePolicy, "name" | "type" | "enabled">;

const FIELDS_BY_TYPE: Readonly<Record<PolicyType, readonly PolicyField[]>> = {
  step: ["metric", "adjustment_type", "steps"],
  "on-demand": [],
  idle: ["idle_time_ms"],
};
/** Fields that only the cloud supports. */
const CLOUD_ONLY: readonly PolicyField[] = ["high_watermark", "exclusive"];

const ADJUSTMENT_TYPES = {
  change: "change",
  exact: "exact",
  absolute: "exact",
  percent: "percent",
  percentage: "percent",
} as const;

/**
 * Parses a policy. Throws `Invalid` for a violated rule, `NotSupported` for features of the cloud only.
 */
export function parsePolicy(policy: AutoscalePolicy): ScalePolicy {
  const { name, enabled = true } = policy;
  const type = resolvePolicyType(policy);
  const cloudOnly = CLOUD_ONLY.find((field) => policy[field] !== undefined && policy[field] !== false);
  if (cloudOnly !== undefined)
    throw new ApiItemError("NotSupported", `Policy '${name}': the local platform does not support '${cloudOnly}'`);
  const unexpected = (Object.keys(policy) as PolicyField[]).find(
    (field) => policy[field] !== undefined && isTypeSpecificField(field) && !FIELDS_BY_TYPE[type].includes(field),
  );
  if (unexpected !== undefined)
    throw invalidPolicy(name, `'${unexpected}' is not allowed in policies of type '${type}'`);
  switch (type) {
    case "step":
      return { type, name, enabled, ...parseSteps(policy) };
    case "on-demand":
      return { type, name, enabled };
    case "idle": {
      const { idle_time_ms } = policy;
      if (idle_time_ms === undefined) throw invalidPolicy(name, "'idle_time_ms' is missing");
      return { type, name, enabled, idleTimeMs: idle_time_ms };
    }
  }
}

const invalidPolicy = (name: string, message: string): ApiItemError =>
  new ApiItemError("Invalid", `Policy '${name}': ${message}`);

const isTypeSpecificField = (field: string): field is PolicyField =>
  !["name", "type", "enabled", ...CLOUD_ONLY].includes(field);

/** The type; a policy that sets none but has steps is a step policy. */
function resolvePolicyType({ name, type, steps }: AutoscalePolicy): PolicyType {
  switch (type) {
    case "step":
    case "idle":
    case "on-demand":
      return type;
    case "on_demand":
      return "on-demand";
    case "create":
      throw new ApiItemError(
        "NotSupported",
        `Policy '${name}': the local platform does not have policies of type 'create'`,
      );
    case undefined:
      if (steps !== undefined) return "step";
      throw invalidPolicy(name, "'type' is missing");
  }
}

function parseSteps({
  name,
  metric,
  adjustment_type,
  steps = [],
}: AutoscalePolicy): Pick<StepPolicy, "metric" | "adjustmentType" | "steps"> {
  if (metric === undefined) throw invalidPolicy(name, "'metric' is missing");
  if (adjustment_type === undefined) throw invalidPolicy(name, "'adjustment_type' is missing");
  if (steps.length === 0) throw invalidPolicy(name, "'steps' is missing or empty");
  const adjustmentType = ADJUSTMENT_TYPES[adjustment_type];
  const parsed = steps.map(({ adjustment, lower_bound, upper_bound }): ScaleStep => ({
    adjustment,
    lowerBound: lower_bound,
    upperBound: upper_bound,
  }));
  parsed.forEach(({ adjustment, lowerBound, upperBound }, index) => {
    const at = `'steps[${index}]'`;
    if (lowerBound !== undefined && upperBound !== undefined && lowerBound >= upperBound)
      throw invalidPolicy(name, `'lower_bound' of ${at} must be below its 'upper_bound'`);
    if (index > 0 && (lowerBound === undefined || lowerBound !== parsed[index - 1]?.upperBound))
      throw invalidPolicy(name, `'lower_bound' of ${at} must equal the 'upper_bound' of the step before it`);
    if (adjustmentType !== "percent" && !Number.isInteger(adjustment))
      throw invalidPolicy(name, `'adjustment' of ${at} must be a whole number of instances`);
    if (adjustmentType === "exact" && adjustment < 0)
      throw invalidPolicy(name, `'adjustment' of ${at} is a size and must not be negative`);
  });
  return { metric, adjustmentType, steps: parsed };
}

/** A policy as the API reports it: with `percentage`, the only word for it that the vendor's SDKs read. */
export function encodePolicy(policy: ScalePolicy) {
  const { name, type, enabled } = policy;
  switch (policy.type) {
    case "step":
      return {
        ...{
          name,
          type,
          enabled,
          metric: policy.metric,
          adjustment_type: policy.adjustmentType === "percent" ? "percentage" : policy.adjustmentType,
        },
        steps: policy.steps.map(({ adjustment, lowerBound, upperBound }) => ({
          adjustment,
          ...(lowerBound === undefined ? {} : { lower_bound: lowerBound }),
          ...(upperBound === undefined ? {} : { upper_bound: upperBound }),
        })),
      };
    case "on-demand":
      return { name, type, enabled };
    case "idle":
      return { name, type, enabled, idle_time_ms: policy.idleTimeMs };
  }
}

/** Throws `TooMany` above {@link MAX_POLICIES} policies, `AlreadyExists` for a duplicate name. */
export function assertValidPolicySet(policies: readonly ScalePolicy[]): void {
  if (policies.length > MAX_POLICIES)
    throw new ApiItemError("TooMany", `A service group has at most ${MAX_POLICIES} policies`);
  const names = policies.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined)
    throw new ApiItemError("AlreadyExists", `A policy with the name '${duplicate}' already exists`);
}
