/** The rollout policy and the readiness probe that the inputs of a service stand for. Pure. */
import { DEFAULT_HALF_CLOSED_TIMEOUT_MS, type MetroFeature, type ReadinessProbe } from "../../../contract/models";
import { omitUndefined } from "../../../base/objects";
import { leadsInside } from "../../../rollout/candidate/route";
import type { RolloutPolicy, RolloutStrategy } from "../../../rollout/policy";
import type { ReadinessPolicy } from "../../../rollout/members/readiness";
import type { Workload } from "../../workload/inputs";
import type { PublishedPort } from "../ports";
import { type Amount, resolveAmount } from "./amounts";
import { type GateInput, gateTypeOf } from "./gateInput";
import type { RolloutInput } from "./input";

/** Default of `maxSurge`. */
export const DEFAULT_SURGE: Amount = 1;
/** Default of `maxUnavailable` by strategy; others have no such limit. */
export const DEFAULT_UNAVAILABLE: Readonly<Record<"rolling" | "canary" | "inPlace", Amount>> = {
  rolling: 0,
  canary: 0,
  inPlace: 1,
};

/** The first volume that only one instance can hold: mounted for writing, and not shared. */
export const exclusiveVolume = (
  template: Pick<Workload, "volumes">,
  { sharedVolumes }: Pick<RolloutInput, "sharedVolumes">,
): string | undefined => (sharedVolumes ? undefined : template.volumes.find((mount) => !mount.readonly)?.volume);

/** The strategy. A volume that only one instance can hold leaves no other choice than to stop the old one first. */
export const strategyOf = (
  template: Pick<Workload, "volumes">,
  rollout: Pick<RolloutInput, "strategy" | "sharedVolumes">,
): RolloutStrategy =>
  rollout.strategy !== undefined && rollout.strategy !== "rolling"
    ? rollout.strategy
    : exclusiveVolume(template, rollout) === undefined
      ? "rolling"
      : "recreate";

/** True if the strategy moves the domains to a second set: the metro cannot keep replicas out of rotation. */
export const movesDomains = (strategy: RolloutInput["strategy"], features: ReadonlySet<string>): boolean =>
  strategy === "blueGreen" && !features.has("rotation" satisfies MetroFeature);

/** Where a TCP port leads inside the instance. */
const destinationOf = ({ port, destinationPort }: PublishedPort): number => destinationPort ?? port;

/** The port inside the instance that an HTTP gate asks by default; `undefined` if none is certain. */
export function defaultGatePort(ports: readonly PublishedPort[]): number | undefined {
  const candidates = ports.filter(leadsInside);
  const http = candidates.find(({ handlers }) => handlers.includes("http"));
  const port = http ?? (new Set(candidates.map(destinationOf)).size === 1 ? candidates[0] : undefined);
  return port && destinationOf(port);
}

/** True if a published TCP port leads to this one inside the instance. */
export const isPublished = (ports: readonly PublishedPort[], port: number): boolean =>
  ports.some((entry) => leadsInside(entry) && destinationOf(entry) === port);

/**
 * The readiness probe that a gate stands for, of a replica or an instance; undefined for a gate that asks nothing.
 *
 * @param gate a gate that follows the rules
 * @param ports the published ports, which matter for a gate without a port
 */
export function toReadinessProbe(gate: GateInput, ports: readonly PublishedPort[]): ReadinessProbe | undefined {
  const { path, port, method, headers, statuses, match, contains, pattern } = gate;
  const type = gateTypeOf(gate);
  if (type === "running") return undefined;
  const httpPort = port ?? defaultGatePort(ports);
  const http =
    type === "http" && path !== undefined && httpPort !== undefined
      ? omitUndefined({ port: httpPort, path, method, headers, statuses, match, contains, pattern })
      : undefined;
  return omitUndefined({
    http,
    tcp: type === "tcp" && port !== undefined ? { port } : undefined,
    interval_ms: gate.intervalMs,
    timeout_ms: gate.timeoutMs,
    success_threshold: gate.successThreshold,
    failure_threshold: gate.failureThreshold,
    start_period_ms: gate.startPeriodMs,
    hold_timeout_ms: gate.holdTimeoutMs,
  });
}

/** The limits of each strategy. */
function limitsOf(strategy: RolloutStrategy, replicas: number, { maxSurge, maxUnavailable }: RolloutInput) {
  const unavailable = (amount: Amount) => resolveAmount(maxUnavailable ?? amount, replicas, "down").count;
  switch (strategy) {
    case "rolling":
    case "canary":
      return {
        maxSurge: resolveAmount(maxSurge ?? DEFAULT_SURGE, replicas, "up").count,
        maxUnavailable: unavailable(DEFAULT_UNAVAILABLE[strategy]),
      };
    case "blueGreen":
      return { maxSurge: replicas, maxUnavailable: 0 };
    case "recreate":
      return { maxSurge: 0, maxUnavailable: replicas };
    case "inPlace":
      return { maxSurge: 0, maxUnavailable: Math.max(1, unavailable(DEFAULT_UNAVAILABLE.inPlace)) };
  }
}

/** What decides whether a replica is ready. */
export const readinessPolicy = ({ gate }: Pick<RolloutInput, "gate">): ReadinessPolicy => ({
  readyOnceRunning: gate?.type === "running",
});

/** The rollout policy for these inputs. */
export function toRolloutPolicy(
  replicas: number,
  template: Pick<Workload, "volumes">,
  rollout: RolloutInput,
  ports: readonly PublishedPort[],
): RolloutPolicy {
  const strategy = strategyOf(template, rollout);
  const { gate, steps = [], keepOldForMs = 0, onFailure = "rollback" } = rollout;
  const { stableForMs, healthyWithinMs, drainTimeoutMs } = rollout;
  const { halfClosedTimeoutMs = DEFAULT_HALF_CLOSED_TIMEOUT_MS } = rollout;
  return {
    strategy,
    desired: replicas,
    ...limitsOf(strategy, replicas, rollout),
    steps:
      strategy === "canary"
        ? steps.map(({ count, pauseMs }) => ({ count: resolveAmount(count, replicas, "down").count, pauseMs }))
        : [],
    keepOldForMs,
    stableForMs,
    healthyWithinMs,
    drainTimeoutMs,
    halfClosedTimeoutMs,
    onFailure,
    gate: gate && toReadinessProbe(gate, ports),
    ...readinessPolicy(rollout),
  };
}
