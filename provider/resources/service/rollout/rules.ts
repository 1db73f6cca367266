/** Rules across the replicas, the template and the rollout of a service. Pure. */
import type { CheckFailure } from "../../../definition/resource";
import type { Workload } from "../../workload/inputs";
import { type ResolvedAmount, resolveAmount } from "./amounts";
import type { RolloutInput } from "./input";
import { DEFAULT_SURGE, DEFAULT_UNAVAILABLE, exclusiveVolume, strategyOf } from "./policy";

/** The paths that {@link checkRollout} reads. */
export const ROLLOUT_PATHS = (
  ["strategy", "maxSurge", "maxUnavailable", "steps", "keepOldForMs", "sharedVolumes", "onFailure"] as const
).map((name) => `rollout.${name}` as const);

const failure = (property: string, reason: string): CheckFailure => ({ property, reason });

/** Settings that only some strategies use. */
const USED_BY = {
  maxSurge: ["rolling", "canary"],
  maxUnavailable: ["rolling", "canary", "inPlace"],
  steps: ["canary"],
  keepOldForMs: ["blueGreen"],
} as const satisfies Partial<Record<keyof RolloutInput, readonly string[]>>;

/** Settings that have no effect with the strategy of the program. */
function checkUnused(rollout: RolloutInput): readonly CheckFailure[] {
  const { strategy = "rolling" } = rollout;
  return Object.entries(USED_BY).flatMap(([setting, strategies]) => {
    if (rollout[setting as keyof typeof USED_BY] === undefined) return [];
    if ((strategies as readonly string[]).includes(strategy)) return [];
    const users = strategies.map((one) => `"${one}"`).join(" or ");
    return [
      failure(
        `rollout.${setting}`,
        `has no effect with the strategy "${strategy}"; remove it, or set strategy: ${users}.`,
      ),
    ];
  });
}

/** `maxSurge (25% of 0 replicas = 0)`. */
const named = (setting: string, { arithmetic }: ResolvedAmount): string => `${setting} (${arithmetic})`;

/** Limits with which no replica could ever be replaced. */
function checkLimits(replicas: number, strategy: string, rollout: RolloutInput): readonly CheckFailure[] {
  if (strategy === "inPlace") {
    const missing = resolveAmount(rollout.maxUnavailable ?? DEFAULT_UNAVAILABLE.inPlace, replicas, "down");
    if (missing.count > 0 || (replicas === 0 && rollout.maxUnavailable !== 0)) return [];
    const reason = `${named("maxUnavailable", missing)} must be at least 1 with the strategy "inPlace", which stops each replica to change it.`;
    return [failure("rollout.maxUnavailable", reason)];
  }
  if (strategy !== "rolling" && strategy !== "canary") return [];
  const surge = resolveAmount(rollout.maxSurge ?? DEFAULT_SURGE, replicas, "up");
  const missing = resolveAmount(rollout.maxUnavailable ?? DEFAULT_UNAVAILABLE[strategy], replicas, "down");
  const isPercentage = [rollout.maxSurge, rollout.maxUnavailable].some((amount) => typeof amount === "string");
  if (surge.count > 0 || missing.count > 0 || (replicas === 0 && isPercentage)) return [];
  const limits = isPercentage
    ? `${named("maxSurge", surge)} and ${named("maxUnavailable", missing)}`
    : "maxSurge and maxUnavailable";
  return [
    failure(
      "rollout.maxSurge",
      `${limits} cannot both be 0: no replica could ever be replaced. Set maxSurge: 1, or maxUnavailable: 1.`,
    ),
  ];
}

/** Canary steps that do not lead from none to fewer than all replicas. */
function checkSteps(replicas: number, { strategy, steps }: RolloutInput): readonly CheckFailure[] {
  if (strategy !== "canary" || replicas === 0) return [];
  if (steps === undefined)
    return [
      failure("rollout.steps", 'required for the strategy "canary", such as steps: [{ count: 1, pauseMs: 60_000 }].'),
    ];
  const resolved = steps.map(({ count }) => resolveAmount(count, replicas, "down"));
  return resolved.flatMap((step, index) => {
    const property = `rollout.steps[${index}].count`;
    const before = resolved[index - 1];
    if (step.count === 0)
      return [
        failure(property, `${step.arithmetic}: the step has no new replica. Give a number or a larger percentage.`),
      ];
    if (step.count >= replicas)
      return [
        failure(
          property,
          `must be below replicas (${replicas}), got ${step.arithmetic}; all follow after the last step.`,
        ),
      ];
    if (before !== undefined && step.count <= before.count)
      return [
        failure(property, `must be more than in the step before (${before.arithmetic}), got ${step.arithmetic}.`),
      ];
    return [];
  });
}

/** A volume that only one instance can hold. */
function checkVolumes(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
): readonly CheckFailure[] {
  const volume = exclusiveVolume(template, rollout);
  if (volume === undefined) return [];
  if (replicas > 1)
    return [
      failure(
        "template.volumes",
        `${replicas} replicas cannot all write to one volume. Mount it with readonly: true, use one replica, move the writer to an Instance, or use the access mode "rwx" with rollout: { sharedVolumes: true }.`,
      ),
    ];
  const { strategy } = rollout;
  if (strategy === undefined || strategy === "recreate" || strategy === "inPlace") return [];
  const reason = `"${strategy}" starts a new replica beside the old one, and only one instance can write to the volume '${volume}'. Remove the strategy or set "recreate", mount the volume with readonly: true, or use the access mode "rwx" with sharedVolumes: true.`;
  return [failure("rollout.strategy", reason)];
}

/** An end of a failed rollout that the strategy cannot have. */
function checkOnFailure(template: Pick<Workload, "volumes">, rollout: RolloutInput): readonly CheckFailure[] {
  if (rollout.onFailure !== "keepBoth" || strategyOf(template, rollout) !== "recreate") return [];
  const volume = exclusiveVolume(template, rollout);
  const strategy =
    rollout.strategy === "recreate" || volume === undefined
      ? '"recreate"'
      : `"recreate", which the volume '${volume}' requires`;
  const reason = `"keepBoth" is impossible with the strategy ${strategy}: the old replicas are deleted before a new one starts, so there are never both. Use "rollback" or "pause".`;
  return [failure("rollout.onFailure", reason)];
}

/** Rules across replicas, rollout and template. */
export function checkRollout(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
): readonly CheckFailure[] {
  return [
    ...checkUnused(rollout),
    ...checkLimits(replicas, strategyOf(template, rollout), rollout),
    ...checkSteps(replicas, rollout),
    ...checkVolumes(replicas, template, rollout),
    ...checkOnFailure(template, rollout),
  ];
}
