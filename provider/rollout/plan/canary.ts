/** Strategy `canary`: as `rolling`, in steps, with a pause after each. Pure. */
import type { Limits } from "./limits";
import { type Member, type RolloutStep, isAvailable, isUp } from "./member";
import { rollingStep } from "./rolling";

/** What the planner remembers between two observations. Losing it repeats a pause, and is never unsafe. */
export interface PlanMemory {
  /** Number of new members of the last step whose pause is over. */
  readonly passedCount: number;
  /** Since when the members of the current step have been ready, and those they replace gone; `undefined` before. */
  readonly completeSinceMs: number | undefined;
}

/** The memory at the start. */
export const NO_MEMORY: PlanMemory = { passedCount: 0, completeSinceMs: undefined };

/** A step, and what to remember. */
export interface Plan {
  readonly step: RolloutStep;
  readonly memory: PlanMemory;
}

/** The next step. Without old members there is nothing to compare with, so it goes on without pauses. */
export function canaryPlan(members: readonly Member[], policy: Limits, memory: PlanMemory, nowMs: number): Plan {
  const news = members.filter((member) => member.generation === "new" && isUp(member));
  // More new members than a step has were launched after its pause.
  const passed = Math.max(memory.passedCount, ...policy.steps.map(({ count }) => (count < news.length ? count : 0)));
  const stage = policy.steps.find(({ count }) => count > passed);
  if (stage === undefined || !members.some(({ generation }) => generation === "old"))
    return { step: rollingStep(members, policy), memory };

  const step = rollingStep(members, policy, stage.count);
  // A replaced member that still drains serves its last requests: the pause is to show how it is without it.
  const isDraining = members.some(({ phase }) => phase === "draining" || phase === "stuck");
  const isComplete = news.length >= stage.count && news.every(isAvailable) && !isDraining;
  if (!isComplete) return { step, memory: { passedCount: passed, completeSinceMs: undefined } };
  const sinceMs = memory.completeSinceMs ?? nowMs;
  const waiting = { passedCount: passed, completeSinceMs: sinceMs };
  if (step.action !== "wait") return { step, memory: waiting };
  const untilMs = sinceMs + stage.pauseMs;
  if (nowMs < untilMs) return { step: { action: "pause", untilMs, count: stage.count }, memory: waiting };
  return canaryPlan(members, policy, { passedCount: stage.count, completeSinceMs: undefined }, nowMs);
}
