/** What must hold before and after each step of a simulated rollout. */
import assert from "node:assert/strict";
import type { Limits } from "../../provider/rollout/plan/limits";
import { type Member, type RolloutStep, isAvailable } from "../../provider/rollout/plan/member";
import { type RolloutWorld, TICK_MS, serves } from "./rolloutWorld";

/** Number of members that must stay ready. */
export function requiredReady({ strategy, desired, maxUnavailable }: Limits): number {
  if (strategy === "recreate") return 0;
  return Math.max(0, desired - (strategy === "inPlace" ? Math.max(1, maxUnavailable) : maxUnavailable));
}

/** Number of members that may exist. */
export function allowedTotal({ strategy, desired, maxSurge }: Limits): number {
  if (strategy === "blueGreen") return 2 * desired;
  return strategy === "recreate" || strategy === "inPlace" ? desired : desired + maxSurge;
}

/** Uuids that lose their connections by a step. */
const endedBy = (step: RolloutStep): readonly string[] =>
  step.action === "switch" ? step.withdraw : "uuids" in step && step.action !== "fail" ? step.uuids : [];

/** Must hold for a step before it is done; `seen` is what the planner decided from. */
export function checkStep(world: RolloutWorld, policy: Limits, step: RolloutStep, seen: readonly Member[]): void {
  const ended = new Set(endedBy(step));
  const required = requiredReady(policy);
  const admitted = step.action === "switch" ? step.admit : [];

  // By what the planner knows, without excuse.
  const losesSeen = seen.some((one) => ended.has(one.uuid) && isAvailable(one));
  const left = seen.filter((one) => (isAvailable(one) || admitted.includes(one.uuid)) && !ended.has(one.uuid)).length;
  if (losesSeen) assert.ok(left >= required, `${left} ready of ${required}, as the planner knew`);

  // By what is so; each crash excuses one.
  const loses = world.members.some((one) => ended.has(one.uuid) && serves(one));
  const serving = world.members.filter((one) => !ended.has(one.uuid) && serves({ ...one, inRotation: true }));
  const stays = serving.filter((one) => one.inRotation || admitted.includes(one.uuid));
  if (loses) assert.ok(stays.length >= required - world.crashes, `${stays.length} ready of ${required}`);

  const endsLastOld =
    world.members.some((one) => ended.has(one.uuid) && one.generation === "old" && serves(one)) &&
    !world.members.some((one) => !ended.has(one.uuid) && one.generation === "old" && serves(one));
  const isForced = policy.strategy === "recreate" || policy.desired === 0 || allowedTotal(policy) === 1;
  if (endsLastOld && !isForced)
    assert.ok(
      world.crashes > 0 || stays.some(({ generation }) => generation === "new"),
      "the last healthy old member went before a new one was ready",
    );

  for (const uuid of admitted) {
    const member = world.find(uuid);
    assert.ok(
      member === undefined ||
        world.crashes > 0 ||
        member.phase === "ready" ||
        member.phase === "asleep" ||
        member.isWaking,
      `${uuid} got connections before it passed`,
    );
  }
  if (step.action === "drain") {
    assert.ok(step.uuids.length > 0);
    assert.ok(
      seen.every(({ uuid, phase }) => !ended.has(uuid) || (phase !== "draining" && phase !== "stuck")),
      "a member that stops was told to stop again",
    );
  }
  if (step.action === "launch") {
    assert.ok(step.count > 0);
    assert.ok(
      world.members.length + step.count <= allowedTotal(policy),
      `${world.members.length + step.count} members of at most ${allowedTotal(policy)}`,
    );
    if (policy.strategy === "recreate") assert.ok(world.members.every(({ generation }) => generation === "new"));
    const isSecondSet = policy.strategy === "blueGreen" && seen.some(({ generation }) => generation === "old");
    assert.equal(step.rotation, isSecondSet ? "out" : "in");
  }
}

/** Must hold for the end of a rollout that says it is done. */
export function checkDone(world: RolloutWorld, policy: Limits): void {
  const replicas = world.members.filter(({ generation }) => generation !== "retired");
  assert.ok(
    replicas.every(({ generation }) => generation === "new"),
    "an old member is left",
  );
  assert.ok(
    replicas.length === policy.desired || world.crashes > 0,
    `${replicas.length} replicas of ${policy.desired}`,
  );
  assert.ok(replicas.filter(serves).length >= policy.desired - world.crashes, "not all replicas serve");
  const kept = world.members.filter(({ generation }) => generation === "retired");
  assert.ok(policy.strategy === "blueGreen" || kept.length === 0, "leftovers of an earlier rollout are left");
  assert.ok(kept.every(({ phase, inRotation }) => !inRotation && (phase === "draining" || phase === "down")));
}

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
