/**
 * From what is observed to what to do next. Pure and without memory: after a crash, a retry or a second `pulumi up`,
 * the same function continues from reality.
 */
import type { RolloutPolicy } from "./policy";

/** One instance of the service. */
export interface Unit {
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
export type Step =
  | { readonly do: "launch"; readonly count: number }
  /** No new connections, let open ones finish, stop, delete. */
  | { readonly do: "drain"; readonly uuids: readonly string[] }
  /** Delete at once: it serves nobody. */
  | { readonly do: "remove"; readonly uuids: readonly string[] }
  /** A new instance is down: the roll must be given up. */
  | { readonly do: "give-up"; readonly uuids: readonly string[] }
  | { readonly do: "wait" }
  | { readonly do: "done" };

const uuidsOf = (units: readonly Unit[]): readonly string[] => units.map((unit) => unit.uuid);

/** Names the next step. Never lets serving instances fall below `desired - maxUnavailable`, nor all of them exceed `desired + maxSurge`. */
export function nextStep(
  units: readonly Unit[],
  policy: Pick<RolloutPolicy, "desired" | "maxSurge" | "maxUnavailable">,
): Step {
  const fresh = units.filter((unit) => unit.generation === "new");
  const stale = units.filter((unit) => unit.generation === "old");
  const is = (health: Unit["health"]) => (unit: Unit) => unit.health === health;

  const broken = fresh.filter(is("down"));
  if (broken.length > 0) return { do: "give-up", uuids: uuidsOf(broken) };

  const useless = stale.filter((unit) => unit.health !== "serving");
  const excess = fresh.slice(policy.desired);
  // An old one that serves nobody, and a new one beyond the wanted number that serves nobody yet, cost nothing to remove.
  const idle = [...useless, ...excess.filter(is("pending"))];
  if (idle.length > 0) return { do: "remove", uuids: uuidsOf(idle) };

  const surplus = [...stale, ...excess];
  const serving = units.filter(is("serving")).length;
  const spare = Math.min(serving - (policy.desired - policy.maxUnavailable), surplus.length);
  if (spare > 0) return { do: "drain", uuids: uuidsOf(surplus.slice(0, spare)) };

  const room = Math.min(policy.desired + policy.maxSurge - units.length, policy.desired - fresh.length);
  if (room > 0) return { do: "launch", count: room };

  return stale.length === 0 && fresh.length === policy.desired && fresh.every(is("serving"))
    ? { do: "done" }
    : { do: "wait" };
}
