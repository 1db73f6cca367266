/** What a rollout will do, in words. Pure. */
import { formatNumber } from "../../../base/formatNumber";
import type { RolloutPolicy } from "../../../rollout/policy";
import { countReplicas } from "../../../rollout/progress/describe";

const inBatches = (replicas: number, size: number): string => {
  const batches = Math.ceil(replicas / size);
  return batches === 1 ? "in 1 batch" : `in ${batches} batches of ${size === 1 ? "1" : `up to ${size}`}`;
};

/** What serves meanwhile, and how many there are at most. */
const bounds = ({ desired, maxSurge, maxUnavailable }: RolloutPolicy): string => {
  const serving = Math.max(0, desired - maxUnavailable);
  return `at most ${desired + maxSurge} at once, ${serving === 0 ? "maybe none" : `at least ${serving}`} serving`;
};

function describeSteps({ steps }: RolloutPolicy): string {
  const stages = steps.map(({ count, pauseMs }) => `${count}, then a pause of ${formatNumber(pauseMs)} ms`);
  return `${stages.join("; ")}; then all`;
}

/** How the members are replaced, as a clause. `volume` as of {@link describeRoll}. */
export function describeStrategy(policy: RolloutPolicy, volume: string | undefined): string {
  const { desired, maxSurge, maxUnavailable, keepOldForMs } = policy;
  switch (policy.strategy) {
    case "rolling":
      return `${inBatches(desired, maxSurge + maxUnavailable)}, ${bounds(policy)}`;
    case "canary":
      return `${describeSteps(policy)}; ${bounds(policy)}`;
    case "blueGreen": {
      const kept = keepOldForMs === 0 ? "deleted" : `stopped and kept for ${formatNumber(keepOldForMs)} ms`;
      return `launch a second set, move all connections at once, and the old ones are ${kept}; at most ${2 * desired} at once`;
    }
    case "recreate": {
      const reason = volume === undefined ? "" : `, because only one instance can write to the volume '${volume}'`;
      return `the old ones stop first${reason}; none serves until the new ones do`;
    }
    case "inPlace": {
      const size = Math.min(desired, maxUnavailable);
      return `each stops, changes and starts again, ${inBatches(desired, size)}; ${size >= desired ? "none serves meanwhile" : `at least ${desired - size} serving`}`;
    }
  }
}

/**
 * A rollout of a changed template, as a clause that follows "will".
 *
 * @param volume the volume that leaves no other choice than `recreate`; `undefined` if the program chose the strategy
 */
export const describeRoll = (policy: RolloutPolicy, volume: string | undefined): string =>
  `roll the changed template out to ${countReplicas(policy.desired)} (${policy.strategy}): ${describeStrategy(policy, volume)}`;

/**
 * When a new member gets connections, as a clause.
 *
 * @param isIsolated true if the metro gates each member
 * @param volume the volume that only one instance can hold, so that there can be no candidate; `undefined` if there is none
 */
export function describeGuarantee(
  { gate }: Pick<RolloutPolicy, "gate">,
  isIsolated: boolean,
  volume: string | undefined,
  isolation?: "candidate" | "clone",
): string {
  if (isIsolated)
    return gate === undefined
      ? "each new replica gets connections once its ports accept them"
      : "each new replica passes its gate before it gets connections";
  if (gate !== undefined && volume !== undefined)
    return `connections begin when the metro routes to a replica; the gate is not probed, because a candidate cannot have the volume '${volume}' that a replica holds`;
  if (gate !== undefined && isolation === "clone")
    return "a candidate passes the gate first, and the replicas are its clones; connections to them begin when the metro routes to them";
  return gate === undefined
    ? "connections begin when the metro routes to a replica"
    : "a candidate passes the gate first; connections to the replicas begin when the metro routes to them";
}

/** What `blueGreen` does where only domains can be moved, as a clause. */
export const describeSecondSet = ({ gate }: Pick<RolloutPolicy, "gate">): string =>
  `a second set ${gate === undefined ? "serves" : "passes the gate"} in a service group of its own; the domains move there while the replicas are replaced, and then back. At each of the two moves, new connections fail for as long as the metro takes for one request`;
