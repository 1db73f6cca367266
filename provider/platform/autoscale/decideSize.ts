/** Decides the size of a service group. Pure. Source: the cloud's documentation of autoscale. */
import type { AutoscaleConfiguration, ScalePolicy, ScaleStep, StepPolicy } from "../store/autoscale";

/** The measured load of one ready instance. */
export interface InstanceLoad {
  /** Milliseconds since the instance was first ready. */
  readonly sinceReadyMs: number;
  /** HTTP requests in flight, plus open connections that are not HTTP. */
  readonly inFlight: number;
  /** Connections, and further HTTP requests on them, that began per second. */
  readonly requestsPerSecond: number;
  /** CPU usage in thousandths of a CPU. */
  readonly cpuMillicores: number;
  /** Milliseconds without a request in flight and without traffic; infinite without connections. */
  readonly idleMs: number;
}

/** The state of a service group that decides its size. */
export interface ScaleState {
  /** Number of managed instances that are not being removed. */
  readonly size: number;
  /** Loads of the managed instances that are ready. */
  readonly loads: readonly InstanceLoad[];
  /** Number of connections that wait for an instance. */
  readonly waitingConnections: number;
  /** Milliseconds since the size last changed; infinite if it never did. */
  readonly sinceChangeMs: number;
}

/** The minimum size, at least 1: the last instance is never removed; with scale to zero it goes to standby. */
export const effectiveMinSize = ({ minSize }: Pick<AutoscaleConfiguration, "minSize">): number => Math.max(1, minSize);

/**
 * The size that the configuration requires now. Its bounds apply at once, its policies once per cooldown. The largest size
 * that a policy requests wins; a policy without a step for the current load requests none.
 */
export function decideSize(configuration: AutoscaleConfiguration, state: ScaleState): number {
  const { size, sinceChangeMs } = state;
  const floor = effectiveMinSize(configuration);
  const clamp = (wanted: number): number => Math.min(Math.max(wanted, floor), configuration.maxSize);
  if (clamp(size) !== size || sinceChangeMs < configuration.cooldownTimeMs) return clamp(size);
  const wanted = configuration.policies.flatMap((policy) => {
    const one = policy.enabled ? sizeForPolicy(policy, configuration, state) : undefined;
    return one === undefined ? [] : [one];
  });
  return clamp(wanted.length === 0 ? size : Math.max(...wanted));
}

function sizeForPolicy(
  policy: ScalePolicy,
  { warmupTimeMs }: AutoscaleConfiguration,
  { size, loads, waitingConnections: waiting }: ScaleState,
): number | undefined {
  const warm = loads.filter(({ sinceReadyMs }) => sinceReadyMs >= warmupTimeMs);
  switch (policy.type) {
    case "step": {
      if (warm.length === 0) return undefined;
      const value = warm.reduce((sum, load) => sum + metricValue(policy, load), 0) / warm.length;
      const step = policy.steps.find((one) => isInStep(one, value));
      return step === undefined ? undefined : applyAdjustment(size, policy.adjustmentType, step.adjustment);
    }
    case "on-demand": {
      const demand = waiting + loads.reduce((sum, { inFlight }) => sum + inFlight, 0);
      return demand > size ? demand : undefined;
    }
    case "idle": {
      const idle = warm.filter(({ idleMs, inFlight }) => inFlight === 0 && idleMs >= policy.idleTimeMs).length;
      return idle === 0 ? undefined : size - idle;
    }
  }
}

function metricValue({ metric }: StepPolicy, load: InstanceLoad): number {
  switch (metric) {
    case "cpu":
      return load.cpuMillicores;
    case "inflight_reqs":
      return load.inFlight;
    case "reqs_per_sec":
      return load.requestsPerSecond;
  }
}

const isInStep = ({ lowerBound = -Infinity, upperBound = Infinity }: ScaleStep, value: number): boolean =>
  value >= lowerBound && value < upperBound;

/** Applies an adjustment to the size. A percentage changes it by at least one. */
function applyAdjustment(size: number, type: StepPolicy["adjustmentType"], adjustment: number): number {
  if (type === "exact") return adjustment;
  if (type === "change") return size + adjustment;
  const change = (size * adjustment) / 100;
  return size + (change < 0 ? Math.floor(change) : Math.ceil(change));
}
