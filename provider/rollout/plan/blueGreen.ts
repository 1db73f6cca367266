/** Strategy `blueGreen`: a complete second set, out of rotation until all of it is ready; then one cut-over. Pure. */
import { type Limits, excessOf, failure, floorOf, leftovers, removal, stoppable } from "./limits";
import { type Member, type RolloutStep, cheapestFirst, isIdle, isReady, isUp, uuidsOf } from "./member";
import { rollingStep } from "./rolling";

/** The next step. Without old members there is nothing to cut over from: members get connections as soon as they are ready. */
export function blueGreenStep(members: readonly Member[], policy: Limits): RolloutStep {
  const { desired, keepOldForMs } = policy;
  const olds = members.filter(({ generation }) => generation === "old");
  if (olds.length === 0 || desired === 0) return rollingStep(members, { ...policy, maxSurge: desired });

  const news = members.filter((member) => member.generation === "new" && isUp(member));
  const isComplete = news.length >= desired && news.every(isReady);
  // After the cut-over, old members are kept even if they stopped meanwhile; a larger old set loses some.
  const kept = isComplete && keepOldForMs > 0 ? olds.filter(({ inRotation }) => !inRotation).slice(0, desired) : [];
  const first = failure(members) ?? leftovers(members) ?? removal(members.filter((one) => !kept.includes(one)));
  if (first !== undefined) return first;

  const excess = excessOf(news, desired);
  const unneeded = [...excess.filter(({ inRotation }) => !inRotation), ...stoppable(members, excess, floorOf(policy))];
  if (unneeded.length > 0) return { action: "drain", uuids: [...new Set(uuidsOf(unneeded))] };

  const missing = desired - news.length;
  if (missing > 0) return launchOrMakeRoom(members, policy, missing);
  if (!isComplete) return { action: "wait" };

  const admit = news.filter(({ inRotation }) => !inRotation);
  const withdraw = olds.filter(({ inRotation }) => inRotation);
  if (admit.length > 0 || withdraw.length > 0)
    return { action: "switch", admit: uuidsOf(admit), withdraw: uuidsOf(withdraw) };
  // What an earlier rollout kept goes before anything else is kept.
  const hasLeftover = members.some(({ generation }) => generation === "retired");
  if (kept.length === olds.length && !hasLeftover) return { action: "retire", uuids: uuidsOf(olds) };
  const up = olds.filter((member) => isUp(member) && !kept.includes(member));
  return up.length > 0 ? { action: "drain", uuids: uuidsOf(up) } : { action: "wait" };
}

/** Launches the rest of the second set. If a larger old set leaves no room for it, members of that one go first. */
function launchOrMakeRoom(members: readonly Member[], policy: Limits, missing: number): RolloutStep {
  const room = 2 * policy.desired - members.length;
  if (room > 0) return { action: "launch", count: Math.min(room, missing), rotation: "out" };
  if (members.some(({ phase }) => phase === "draining")) return { action: "wait" };
  const olds = cheapestFirst(members.filter((one) => one.generation === "old" && isUp(one)));
  const candidates = olds.slice(0, missing - room);
  const stopping = stoppable(members, candidates, floorOf(policy));
  // Below the floor, only members that serve nobody make room.
  const chosen = stopping.length > 0 ? stopping : candidates.filter(isIdle);
  return chosen.length > 0 ? { action: "drain", uuids: uuidsOf(chosen) } : { action: "wait" };
}
