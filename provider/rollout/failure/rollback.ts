/** Restores the members of a service as they were at the start of a rollout: the same planner, towards these members. */
import type { InstanceItem } from "../../contract/models";
import { switchRotation } from "../act";
import { type CapturedMember, isAmong, restoringRequests } from "./captured";
import { listInstances } from "../members/instances";
import type { Rollout } from "../rolloutRequest";

/** Runs a rollout and returns the members. */
export type RunRollout = (rollout: Rollout) => Promise<readonly InstanceItem[]>;

/**
 * Rolls back. Members that are still there stay; missing ones are launched. Returns the members. Throws what `run` throws; everything
 * stays as it is then.
 *
 * @param members those to restore, at least one
 */
export async function rollBack(
  failed: Rollout,
  members: readonly CapturedMember[],
  run: RunRollout,
): Promise<readonly InstanceItem[]> {
  const context = { ...failed, ...(failed.rollbackContext?.() ?? {}) };
  const instances = await listInstances(context, failed.service, failed.isManaged);
  // After the cut-over of `blueGreen` they run, and get no connections.
  const withdrawn = instances.filter((one) => one.rotation === "out" && isAmong(members, one)).map(({ uuid }) => uuid);
  if (withdrawn.length > 0) await switchRotation(context, withdrawn, []);
  const launched = new Set<string>();
  const nextRequest = restoringRequests(members, instances);
  return run({
    ...context,
    policy: {
      ...failed.policy,
      desired: members.length,
      strategy: "rolling",
      steps: [],
      keepOldForMs: 0,
      onFailure: "pause",
    },
    captured: undefined,
    isNew: (instance) => isAmong(members, instance) || launched.has(instance.name),
    createRequest: () => {
      const request = nextRequest();
      if (request.name !== undefined) launched.add(request.name);
      return request;
    },
    passCandidate: undefined,
    beforeLaunch: undefined,
  });
}
