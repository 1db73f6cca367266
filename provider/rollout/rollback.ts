/** Restores the members of a service as they were at the start of a rollout: the same planner, towards these members. */
import type { InstanceItem } from "../contract/models";
import { type CapturedMember, isAmong, restoringRequests } from "./captured";
import { listInstances } from "./instances";
import type { Rollout } from "./rolloutRequest";

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
  const launched = new Set<string>();
  const nextRequest = restoringRequests(members, instances);
  return run({
    ...context,
    // The gate is part of each request. A health check of the whole service would ask the new members too.
    policy: {
      ...failed.policy,
      desired: members.length,
      strategy: "rolling",
      steps: [],
      onFailure: "pause",
      health: undefined,
    },
    captured: undefined,
    isNew: (instance) => isAmong(members, instance) || launched.has(instance.name),
    createRequest: () => {
      const request = nextRequest();
      if (request.name !== undefined) launched.add(request.name);
      return request;
    },
    passCandidate: undefined,
  });
}
