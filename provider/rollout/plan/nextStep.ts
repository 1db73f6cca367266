/**
 * Plans the next step of a rollout from its members. Pure: it continues from what there is after a crash, a retry or a second
 * `pulumi up`.
 */
import { blueGreenStep } from "./blueGreen";
import { type Plan, type PlanMemory, canaryPlan } from "./canary";
import { inPlaceStep } from "./inPlace";
import type { Limits } from "./limits";
import type { Member, RolloutStep } from "./member";
import { recreateStep } from "./recreate";
import { rollingStep } from "./rolling";

/**
 * The next step. No step takes the number of available members below `desired - maxUnavailable`, and none takes the total above
 * `desired + maxSurge`.
 *
 * @param memory what the last call returned, {@link NO_MEMORY} at first
 */
export function nextStep(members: readonly Member[], policy: Limits, memory: PlanMemory, nowMs: number): Plan {
  if (policy.strategy === "canary") return canaryPlan(members, policy, memory, nowMs);
  return { step: statelessStep(members, policy), memory };
}

function statelessStep(members: readonly Member[], policy: Limits): RolloutStep {
  switch (policy.strategy) {
    case "blueGreen":
      return blueGreenStep(members, policy);
    case "recreate":
      return recreateStep(members, policy);
    case "inPlace":
      return inPlaceStep(members, policy);
    case "rolling":
    case "canary":
      return rollingStep(members, policy);
    default:
      return policy.strategy satisfies never;
  }
}
