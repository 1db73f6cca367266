/** Strategy `recreate`: all old members go first, such as those that hold what a new one needs. Pure. */
import { type Limits, failure, leftovers, removal } from "./limits";
import { type Member, type RolloutStep, isUp, uuidsOf } from "./member";
import { rollingStep } from "./rolling";

/** The next step. */
export function recreateStep(members: readonly Member[], policy: Limits): RolloutStep {
  const first = failure(members) ?? leftovers(members) ?? removal(members);
  if (first !== undefined) return first;
  const others = members.filter(({ generation }) => generation !== "new");
  const up = others.filter(isUp);
  if (up.length > 0) return { action: "drain", uuids: uuidsOf(up) };
  if (others.length > 0) return { action: "wait" };
  return rollingStep(members, { ...policy, maxSurge: 0 });
}
