/** Limits of a rollout, and the steps that every strategy takes first. Pure. */
import type { RolloutPolicy } from "../policy";
import { type Member, type RolloutStep, isAvailable, isIdle, isReady, isUp, uuidsOf } from "./member";

/** The numbers of a policy that the planner needs. */
export type Limits = Pick<
  RolloutPolicy,
  "strategy" | "desired" | "maxSurge" | "maxUnavailable" | "steps" | "keepOldForMs"
>;

/**
 * Number of members that must stay available. At least one, unless the last old member has to stop before there is room for a new
 * one.
 */
export function floorOf({
  desired,
  maxSurge,
  maxUnavailable,
}: Pick<Limits, "desired" | "maxSurge" | "maxUnavailable">) {
  if (desired === 0) return 0;
  return Math.max(desired - maxUnavailable, desired + maxSurge > 1 ? 1 : 0);
}

/**
 * Members that may stop now, of those given: all that serve nobody, and as many available ones as the floor permits; none below the
 * floor. An old member that starts may be waking, with connections that wait for it.
 */
export function stoppable(members: readonly Member[], candidates: readonly Member[], floor: number): readonly Member[] {
  const spare = members.filter(isAvailable).length - floor;
  if (spare < 0) return [];
  const idle = candidates.filter((one) => isIdle(one) || (one.generation === "new" && one.phase === "starting"));
  return [...idle, ...candidates.filter(isAvailable).slice(0, spare)];
}

/** New members beyond the desired number: those not ready first. */
export function excessOf(news: readonly Member[], desired: number): readonly Member[] {
  const readyFirst = [...news.filter(isAvailable), ...news.filter((member) => !isAvailable(member))];
  return readyFirst.slice(desired);
}

/** A new member that failed ends the rollout. */
export function failure(members: readonly Member[]): RolloutStep | undefined {
  const failed = members.filter(({ phase }) => phase === "failed");
  return failed.length === 0 ? undefined : { action: "fail", uuids: uuidsOf(failed) };
}

/** Deletes those that do not run. */
export function removal(members: readonly Member[]): RolloutStep | undefined {
  const removable = members.filter(({ phase }) => phase === "down" || phase === "stuck");
  return removable.length === 0 ? undefined : { action: "remove", uuids: uuidsOf(removable) };
}

/** Stops what an earlier rollout kept and nobody needs. */
export function leftovers(members: readonly Member[]): RolloutStep | undefined {
  const kept = members.filter((member) => member.generation === "retired" && isUp(member));
  return kept.length === 0 ? undefined : { action: "drain", uuids: uuidsOf(kept) };
}

/** New members that passed their gate out of rotation get connections. */
export function admission(members: readonly Member[]): RolloutStep | undefined {
  const passed = members.filter((one) => one.generation === "new" && isReady(one) && !one.inRotation);
  return passed.length === 0 ? undefined : { action: "switch", admit: uuidsOf(passed), withdraw: [] };
}

/** Done if only new members exist, as many as desired, all available. */
export const doneOrWait = (members: readonly Member[], desired: number): RolloutStep =>
  members.length === desired && members.every((one) => one.generation === "new" && isAvailable(one))
    ? { action: "done" }
    : { action: "wait" };
