/** Restores the members of a service as they were at the start of a rollout: the same planner, towards these members. */
import type { InstanceItem } from "../../contract/models";
import { restartMember } from "../act";
import { type CapturedMember, isAmong, replacementsFor } from "./captured";
import { listInstances } from "../members/instances";
import type { RolloutPolicy, RolloutStrategy } from "../policy";
import type { Rollout } from "../rolloutRequest";

/** Runs a rollout and returns the members. */
export type RunRollout = (rollout: Rollout) => Promise<readonly InstanceItem[]>;

/** How members return, by how they were replaced. What must not run beside each other on the way must not on the way back. */
const STRATEGY_BACK: Readonly<Record<RolloutStrategy, RolloutStrategy>> = {
  rolling: "rolling",
  canary: "rolling",
  blueGreen: "rolling",
  recreate: "recreate",
  inPlace: "inPlace",
};

const policyBack = (policy: RolloutPolicy, desired: number): RolloutPolicy => ({
  ...policy,
  desired,
  strategy: STRATEGY_BACK[policy.strategy],
  steps: [],
  keepOldForMs: 0,
  onFailure: "pause",
});

/** True for a member that runs or will, and that a cut-over of `blueGreen` left without connections. */
export const isWithdrawn = ({ rotation, state = "stopped" }: InstanceItem): boolean =>
  rotation === "out" && ["starting", "running", "standby"].includes(state);

/**
 * Rolls back. Members that are still there stay, or are started again; missing ones are launched. Returns the members. Throws what
 * `run` throws; everything stays as it is then.
 *
 * @param members those to restore, at least one
 */
export async function rollBack(
  failed: Rollout,
  members: readonly CapturedMember[],
  run: RunRollout,
): Promise<readonly InstanceItem[]> {
  const context = { ...failed, ...(failed.rollbackContext?.() ?? {}) };
  // A member that `blueGreen` keeps is not managed any more.
  const isKept = (one: InstanceItem): boolean => failed.isManaged(one) || isAmong(members, one);
  const found = await listInstances(context, failed.service, isKept);
  const unchanged = found.filter((one) => isAmong(members, one));
  const back = { ...context, policy: policyBack(failed.policy, members.length), captured: undefined };
  if (back.policy.strategy !== "inPlace") await startAgain(back, members, unchanged);

  const launched = new Set<string>();
  const changed = new Set<string>();
  const replacements = replacementsFor(members, found);
  return run({
    ...back,
    isNew: (one) => isAmong(members, one) || launched.has(one.name) || changed.has(one.uuid),
    createRequest: () => {
      const request = replacements.next().createRequest();
      if (request.name !== undefined) launched.add(request.name);
      return request;
    },
    applyTemplate: async (instance) => {
      await replacements.of(instance).restore(instance);
      changed.add(instance.uuid);
    },
    passCandidate: undefined,
    beforeLaunch: undefined,
  });
}

/** Starts members that were stopped, and may be kept, as they were. One that cannot be started is replaced like one that is gone. */
async function startAgain(
  back: Rollout,
  members: readonly CapturedMember[],
  unchanged: readonly InstanceItem[],
): Promise<void> {
  const applyTemplate = async (instance: InstanceItem): Promise<void> => {
    await members.find(({ uuid }) => uuid === instance.uuid)?.restore(instance);
  };
  const stopped = unchanged.filter(({ state, restart }) => state === "stopped" && restart == null);
  await Promise.allSettled(stopped.map((instance) => restartMember({ ...back, applyTemplate }, instance)));
  back.signal?.throwIfAborted();
}
