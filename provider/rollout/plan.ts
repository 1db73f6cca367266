/**
 * From what is observed to what to do next. Pure and without memory: after a crash, a retry or a second `pulumi up`,
 * the same function continues from reality.
 */
import type { RolloutPolicy } from "./policy";

/** One instance of the service. */
export interface RolloutInstance {
  readonly uuid: string;
  /** "new": made from the template that is asked for now. */
  readonly generation: "old" | "new";
  /**
   * - "serving": up, answering, and long enough for the policy
   * - "pending": on its way there
   * - "down": stopped or crashed
   */
  readonly health: "serving" | "pending" | "down";
}

/** The next thing to do. */
export type RolloutStep =
  | { readonly action: "launch"; readonly count: number }
  /** No new connections, let open ones finish, stop, delete. */
  | { readonly action: "drain"; readonly uuids: readonly string[] }
  /** Delete at once: it serves nobody. */
  | { readonly action: "remove"; readonly uuids: readonly string[] }
  /** A new instance is down: the roll must be given up. */
  | { readonly action: "give-up"; readonly uuids: readonly string[] }
  | { readonly action: "wait" }
  | { readonly action: "done" };

const uuidsOf = (units: readonly RolloutInstance[]): readonly string[] => units.map((unit) => unit.uuid);

/** Names the next step. Never lets serving instances fall below `desired - maxUnavailable`, nor all of them exceed `desired + maxSurge`. */
export function nextStep(
  instances: readonly RolloutInstance[],
  policy: Pick<RolloutPolicy, "desired" | "maxSurge" | "maxUnavailable">,
): RolloutStep {
  const newInstances = instances.filter((unit) => unit.generation === "new");
  const oldInstances = instances.filter((unit) => unit.generation === "old");
  const hasHealth = (health: RolloutInstance["health"]) => (unit: RolloutInstance) => unit.health === health;

  const broken = newInstances.filter(hasHealth("down"));
  if (broken.length > 0) return { action: "give-up", uuids: uuidsOf(broken) };

  const oldNotServing = oldInstances.filter((unit) => unit.health !== "serving");
  const excess = newInstances.slice(policy.desired);
  // An old one that serves nobody, and a new one beyond the wanted number that serves nobody yet, cost nothing to remove.
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
