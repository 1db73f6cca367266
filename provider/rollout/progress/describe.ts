/** Texts of the events that concern a rollout as a whole. Pure. */
import { countOf } from "../../base/formatNumber";
import type { EventFacts, RolloutOperation } from "../events";
import type { Member } from "../plan/member";
import type { RolloutPolicy } from "../policy";

/** `1 replica`, `2 replicas`. */
export const countReplicas = (count: number): string => countOf(count, "replica");

/** Scaling, if all members are current and only their number changes. */
export function operationOf(members: readonly Member[], { desired }: Pick<RolloutPolicy, "desired">): RolloutOperation {
  const replicas = members.filter(({ generation }) => generation !== "retired");
  const isCurrent = replicas.length > 0 && replicas.every(({ generation }) => generation === "new");
  return isCurrent && replicas.length !== desired ? "scaling" : "rollout";
}

/** What `started` says. */
export function describeStart(
  members: readonly Member[],
  policy: Pick<RolloutPolicy, "desired" | "strategy">,
): EventFacts {
  const { desired, strategy } = policy;
  const count = members.filter(({ generation }) => generation !== "retired").length;
  return operationOf(members, policy) === "scaling"
    ? { operation: "scaling", replicas: desired, detail: `from ${count} to ${countReplicas(desired)}` }
    : { operation: "rollout", strategy, replicas: desired, detail: `${strategy}, to ${countReplicas(desired)}` };
}

/** What `paused` says of the step of `canary` that reaches this number of new members. */
export function describePause({ steps, desired }: Pick<RolloutPolicy, "steps" | "desired">, count: number): EventFacts {
  const index = steps.findIndex((one) => one.count === count);
  const seconds = (steps[index]?.pauseMs ?? 0) / 1000;
  return {
    ...{ step: index + 1, steps: steps.length },
    detail: `step ${index + 1} of ${steps.length}, ${count} of ${countReplicas(desired)} new, for ${seconds} s`,
  };
}

/** What `resumed` says after that step. */
export function describeResume(
  { steps, desired }: Pick<RolloutPolicy, "steps" | "desired">,
  count: number,
): EventFacts {
  const step = steps.findIndex((one) => one.count === count) + 2;
  const to = step > steps.length ? `to all ${countReplicas(desired)}` : `step ${step} of ${steps.length}`;
  return { step, steps: steps.length, detail: to };
}

/** What `kept` says. */
export const describeKept = ({ keepOldForMs }: Pick<RolloutPolicy, "keepOldForMs">): string =>
  `stopped, for ${keepOldForMs / 1000} s, or until the next update`;

/** What `admitted` says of a member that must stay ready. */
export const describeStability = ({ stableForMs }: Pick<RolloutPolicy, "stableForMs">): EventFacts => ({
  detail: `ready if it stays so for ${stableForMs / 1000} s`,
});
