/** What must hold before and after each step of a simulated rollout. */
import assert from "node:assert/strict";
import type { Limits } from "../../provider/rollout/plan/limits";
import { type Member, type RolloutStep, isAvailable, isUp } from "../../provider/rollout/plan/member";
import { type RolloutWorld, serves } from "./rolloutWorld";

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
  if (step.action === "remove")
    assert.ok(
      seen.every(({ uuid, phase }) => !ended.has(uuid) || phase === "down" || phase === "stuck"),
      "a member was deleted before it had stopped",
    );
  if (step.action === "forceStop")
    assert.ok(
      seen.every(({ uuid, phase }) => !ended.has(uuid) || phase === "stuck"),
      "a member was stopped by force before its drain was over",
    );
  if (step.action === "drain") {
    const isWaking = ({ generation, phase }: Member): boolean => generation === "old" && phase === "starting";
    if (["rolling", "canary", "inPlace"].includes(policy.strategy))
      assert.ok(
        !seen.some((one) => ended.has(one.uuid) && isWaking(one)),
        "an old member was stopped that may be waking",
      );
    const news = seen.filter((one) => one.generation === "new" && isUp(one));
    // A step of `canary` leaves the other old members alone.
    const count = policy.steps.find((one) => one.count > news.length)?.count ?? policy.desired;
    const olds = seen.filter((one) => one.generation === "old" && isUp(one));
    const keptOlds = olds.filter((one) => !ended.has(one.uuid)).length;
    if (
      policy.strategy === "canary" &&
      world.crashes === 0 &&
      olds.some((one) => ended.has(one.uuid) && isAvailable(one))
    )
      assert.ok(keptOlds >= policy.desired - count, `${keptOlds} old members are left by a step of ${count}`);
    const endsAvailable = news.some((one) => ended.has(one.uuid) && isAvailable(one));
    if (endsAvailable && (policy.strategy === "rolling" || policy.strategy === "canary"))
      assert.ok(
        news.every((one) => ended.has(one.uuid) || isAvailable(one)),
        "a new member that serves went before one that does not",
      );
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
