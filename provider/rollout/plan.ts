/**
 * Plans the next step of a rollout from the observed instances. Pure and stateless, so that it continues from the actual
 * state after a crash, a retry or a second `pulumi up`.
 */
import type { RolloutPolicy } from "./policy";

/** One instance of the service. */
export interface RolloutInstance {
  readonly uuid: string;
  /** "new": created from the current template. */
  readonly generation: "old" | "new";
  /**
   * - "serving": ready for as long as the policy requires
   * - "pending": starting, or not ready for long enough
   * - "down": stopped or crashed
   */
  readonly health: "serving" | "pending" | "down";
}

/** The next step. */
export type RolloutStep =
  | { readonly action: "launch"; readonly count: number }
  /** Accept no new connections, wait for open ones, stop, delete. */
  | { readonly action: "drain"; readonly uuids: readonly string[] }
  /** Delete without draining: it does not serve. */
  | { readonly action: "remove"; readonly uuids: readonly string[] }
  /** A new instance is down: abort the rollout. */
  | { readonly action: "give-up"; readonly uuids: readonly string[] }
  | { readonly action: "wait" }
  | { readonly action: "done" };

const uuidsOf = (instances: readonly RolloutInstance[]): readonly string[] => instances.map(({ uuid }) => uuid);

/**
 * Returns the next step. The number of serving instances never falls below `desired - maxUnavailable`, and the total
 * never exceeds `desired + maxSurge`.
 */
export function nextStep(
  instances: readonly RolloutInstance[],
  policy: Pick<RolloutPolicy, "desired" | "maxSurge" | "maxUnavailable">,
): RolloutStep {
  const newInstances = instances.filter((instance) => instance.generation === "new");
  const oldInstances = instances.filter((instance) => instance.generation === "old");
  const hasHealth = (health: RolloutInstance["health"]) => (instance: RolloutInstance) => instance.health === health;

  const broken = newInstances.filter(hasHealth("down"));
  if (broken.length > 0) return { action: "give-up", uuids: uuidsOf(broken) };

  const oldNotServing = oldInstances.filter((instance) => instance.health !== "serving");
  const excess = newInstances.slice(policy.desired);
  // Removing an old instance that does not serve, or an excess new one that does not serve yet, affects nobody.
  const idle = [...oldNotServing, ...excess.filter(hasHealth("pending"))];
  if (idle.length > 0) return { action: "remove", uuids: uuidsOf(idle) };

  const surplus = [...oldInstances, ...excess];
  const serving = instances.filter(hasHealth("serving")).length;
  const drainCount = Math.min(serving - (policy.desired - policy.maxUnavailable), surplus.length);
  if (drainCount > 0) return { action: "drain", uuids: uuidsOf(surplus.slice(0, drainCount)) };

  const launchCount = Math.min(
    policy.desired + policy.maxSurge - instances.length,
    policy.desired - newInstances.length,
  );
  if (launchCount > 0) return { action: "launch", count: launchCount };

  return oldInstances.length === 0 && newInstances.length === policy.desired && newInstances.every(hasHealth("serving"))
    ? { action: "done" }
    : { action: "wait" };
}
