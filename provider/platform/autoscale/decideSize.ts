/** How many instances a service group shall have. Pure. Source: the cloud's documentation of autoscale. */
import type { AutoscaleConfiguration, ScalePolicy, ScaleStep, StepPolicy } from "../store/autoscale";

/** What is measured of one instance that gets connections. */
export interface InstanceLoad {
  /** Milliseconds since it first answered. */
  readonly sinceReadyMs: number;
  /** HTTP requests in flight, and open connections that do not speak HTTP. */
  readonly inFlight: number;
  readonly requestsPerSecond: number;
  /** Thousandths of a CPU. */
  readonly cpuMillicores: number;
  /** Milliseconds without anything in flight and without a byte; infinite without connections. */
  readonly idleMs: number;
}

/** How a service group stands. */
export interface ScaleState {
  /** Instances that autoscale has made and that are to stay. */
  readonly size: number;
  /** Instances that autoscale has made and that answer. */
  readonly loads: readonly InstanceLoad[];
  /** Connections that wait for an instance to answer. */
  readonly waitingConnections: number;
  /** Milliseconds since the size last changed; infinite when it never did. */
  readonly sinceChangeMs: number;
}

/** The least size: the last instance is never removed, it falls asleep where it scales to zero. */
export const effectiveMinSize = ({ minSize }: Pick<AutoscaleConfiguration, "minSize">): number => Math.max(1, minSize);

/**
 * The size that the configuration asks for now. Its bounds count at once, its policies once per cooldown. Of several
 * policies that ask for a size the largest counts; one that has nothing to say of the present load asks for none.
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
  const warm = loads.filter(({ sinceReadyMs: warmMs }) => warmMs >= warmupTimeMs);
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
      const idle = warm.filter(
        ({ idleMs: quietMs, inFlight }) => inFlight === 0 && quietMs >= policy.idleTimeMs,
      ).length;
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

/** A percentage changes the size by one at least. */
function applyAdjustment(size: number, type: StepPolicy["adjustmentType"], adjustment: number): number {
  if (type === "exact") return adjustment;
  if (type === "change") return size + adjustment;
  const change = (size * adjustment) / 100;
  return size + (change < 0 ? Math.floor(change) : Math.ceil(change));
}
