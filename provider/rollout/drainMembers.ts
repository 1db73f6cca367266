/** Drains and deletes members of a rollout, and reports what became of their connections. */
import type { InstanceItem } from "../contract/models";
import { describeDrain } from "./drainCounts";
import type { RolloutEvent } from "./events";
import { drainAndDelete, halfClosedTimeoutOf } from "./instances";
import type { Rollout } from "./rolloutRequest";

/** The limits of draining a member. */
export const drainOptionsOf = ({ policy, timeoutMs }: Rollout, member: Pick<InstanceItem, "rotation">) => ({
  drainTimeoutMs: policy.drainTimeoutMs,
  halfClosedTimeoutMs: halfClosedTimeoutOf(member, policy),
  timeoutMs,
});

/**
 * Drains members at the same time, and deletes each once it has stopped. Throws as {@link drainAndDelete} does.
 *
 * @param beganMs when the rollout began, on its clock
 */
export async function drainMembers(rollout: Rollout, members: readonly InstanceItem[], beganMs: number): Promise<void> {
  const report = ({ name }: InstanceItem, phase: RolloutEvent["phase"], detail?: string): void =>
    rollout.onEvent?.({
      phase,
      member: name,
      ...(detail === undefined ? {} : { detail }),
      elapsedMs: rollout.clock.now() - beganMs,
    });
  await Promise.all(
    members.map(async (member) => {
      report(member, "draining");
      const counts = await drainAndDelete(rollout, member.uuid, drainOptionsOf(rollout, member));
      report(member, "drained", counts && describeDrain(counts));
    }),
  );
}
