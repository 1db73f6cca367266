/** Strategy `rolling`: some at a time, within `maxSurge` and `maxUnavailable`. Pure. */
import {
  type Limits,
  admission,
  doneOrWait,
  excessOf,
  failure,
  floorOf,
  leftovers,
  removal,
  stoppable,
} from "./limits";
import { type Member, type RolloutStep, cheapestFirst, isIdle, isUp, uuidsOf } from "./member";

/**
 * The next step.
 *
 * @param target number of new members to reach for now; `canary` goes on from there later
 */
export function rollingStep(members: readonly Member[], policy: Limits, target = policy.desired): RolloutStep {
  const { desired, maxSurge } = policy;
  const first = failure(members) ?? leftovers(members) ?? removal(members) ?? admission(members);
  if (first !== undefined) return first;

  const news = members.filter((member) => member.generation === "new" && isUp(member));
  const olds = cheapestFirst(members.filter((member) => member.generation === "old" && isUp(member)));
  const replaced = Math.max(0, olds.length - (desired - target));
  const surplus = [...olds.slice(0, replaced), ...excessOf(news, desired)];
  const stopping = stoppable(members, surplus, floorOf(policy));
  if (stopping.length > 0) return { action: "drain", uuids: uuidsOf(stopping) };

  const missing = target - news.length;
  const count = Math.min(desired + maxSurge - members.length, missing);
  if (count > 0) return { action: "launch", count, rotation: "in" };

  // Too few are available and there is no room for more: members that serve nobody make room.
  const idle = olds.filter(isIdle);
  const isMoving = members.some(({ phase }) => phase === "starting" || phase === "draining");
  if (missing > 0 && !isMoving && idle.length > 0) return { action: "drain", uuids: uuidsOf(idle.slice(0, missing)) };

  return doneOrWait(members, desired);
}
