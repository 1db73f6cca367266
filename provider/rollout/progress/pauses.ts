/** Reports the pauses of `canary`, each once. */
import type { EventFacts } from "../events";
import type { RolloutStep } from "../plan/member";
import type { RolloutPolicy } from "../policy";
import { describePause, describeResume } from "./describe";

/** The pause that the rollout is in. */
export class Pauses {
  private current: { readonly count: number; readonly untilMs: number } | undefined;

  /** What to report of the next step. */
  next(
    step: RolloutStep,
    policy: RolloutPolicy,
    nowMs: number,
  ): readonly (readonly ["paused" | "resumed", EventFacts])[] {
    const { current } = this;
    const isSame = step.action === "pause" && step.count === current?.count && step.untilMs === current.untilMs;
    const isOver = current !== undefined && !isSame && nowMs >= current.untilMs;
    if (isOver) this.current = undefined;
    if (step.action === "pause") this.current = step;
    return [
      ...(isOver ? [["resumed", describeResume(policy, current.count)] as const] : []),
      ...(step.action === "pause" && !isSame ? [["paused", describePause(policy, step.count)] as const] : []),
    ];
  }

  /** The pause does not end any more: the rollout failed. */
  cancel(): void {
    this.current = undefined;
  }
}
