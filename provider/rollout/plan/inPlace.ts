/** Strategy `inPlace`: each member is stopped, changed and started again, some at a time within `maxUnavailable`. Pure. */
import { type Limits, admission, doneOrWait, failure, floorOf, leftovers, removal, stoppable } from "./limits";
import { type Member, type RolloutStep, cheapestFirst, isIdle, isUp, uuidsOf } from "./member";

/** The next step. The number of members never exceeds the desired one. */
export function inPlaceStep(members: readonly Member[], policy: Limits): RolloutStep {
  const { desired } = policy;
  const retired = members.filter(({ generation }) => generation === "retired");
  const first = failure(members) ?? leftovers(members) ?? removal(retired) ?? admission(members);
  if (first !== undefined) return first;

  const floor = floorOf({ desired, maxSurge: 0, maxUnavailable: Math.max(1, policy.maxUnavailable) });
  const replicas = members.filter(({ generation }) => generation !== "retired");
  const stuck = replicas.filter(({ phase }) => phase === "stuck");
  if (stuck.length > 0) return { action: "forceStop", uuids: uuidsOf(stuck) };

  // Stopped members go first, then old ones.
  const inOrder = [
    ...replicas.filter((member) => !isUp(member)),
    ...cheapestFirst(replicas.filter((member) => isUp(member) && member.generation === "old")),
    ...cheapestFirst(replicas.filter((member) => isUp(member) && member.generation === "new")),
  ];
  const excess = inOrder.slice(0, Math.max(0, replicas.length - desired));
  const ending = endOfExcess(members, excess, floor);
  if (ending !== undefined) return ending;

  const down = replicas.filter(({ phase }) => phase === "down");
  if (down.length > 0) return { action: "restart", uuids: uuidsOf(down) };
  const missing = desired - members.length;
  if (missing > 0) return { action: "launch", count: missing, rotation: "in" };

  const olds = inOrder.filter((member) => member.generation === "old" && isUp(member) && !excess.includes(member));
  const stopping = stoppable(members, olds, floor);
  if (stopping.length > 0) return { action: "drain", uuids: uuidsOf(stopping) };
  // Too few are available: members that serve nobody are changed first.
  const idle = olds.filter(isIdle);
  const isMoving = members.some(({ phase }) => phase === "starting" || phase === "draining");
  if (!isMoving && idle.length > 0)
    return { action: "drain", uuids: uuidsOf(idle.slice(0, Math.max(1, policy.maxUnavailable))) };
  return doneOrWait(members, desired);
}

/** Ends members beyond the desired number. */
function endOfExcess(members: readonly Member[], excess: readonly Member[], floor: number): RolloutStep | undefined {
  const stopped = removal(excess);
  if (stopped !== undefined) return stopped;
  const stopping = stoppable(members, excess.filter(isUp), floor);
  return stopping.length > 0 ? { action: "drain", uuids: uuidsOf(stopping) } : undefined;
}
