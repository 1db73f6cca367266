/** Whether a simulated `canary` rollout kept its pauses. */
import assert from "node:assert/strict";
import type { Limits } from "../../provider/rollout/plan/limits";
import { type RolloutWorld, TICK_MS, serves } from "./rolloutWorld";

/** Follows how long the new members of each step of `canary` have been ready. */
export class PauseCheck {
  private readonly sinceTick = new Map<number, number>();
  private readonly longest = new Map<number, number>();

  private readonly policy: Limits;

  constructor(policy: Limits) {
    this.policy = policy;
  }

  /** After each tick. */
  follow({ members, tick }: RolloutWorld): void {
    const news = members.filter(
      ({ generation, phase }) => generation === "new" && phase !== "draining" && phase !== "down",
    );
    for (const { count } of this.policy.steps) {
      if (news.length < count || !news.every(serves)) this.sinceTick.delete(count);
      else if (!this.sinceTick.has(count)) this.sinceTick.set(count, tick);
      const ticks = tick - (this.sinceTick.get(count) ?? tick);
      this.longest.set(count, Math.max(ticks, this.longest.get(count) ?? 0));
    }
  }

  /** Before a launch: every step that it leaves behind was ready for its pause. */
  check(total: number): void {
    for (const { count, pauseMs } of this.policy.steps)
      if (count < total)
        assert.ok((this.longest.get(count) ?? 0) * TICK_MS >= pauseMs, `no pause after the step of ${count}`);
  }
}
