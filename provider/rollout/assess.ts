/** Assesses the instances that the API reports, as input for the plan. */
import type { InstanceItem } from "../contract/models";
import { probeHttp } from "../client/httpProbe";
import { type ConditionResult, assessLiveness, assessReadiness } from "../client/waitForInstance";
import { UnikernelError } from "../base/errors";
import { findHealthProblem } from "./healthCheck";
import type { RolloutInstance } from "./plan";
import type { Rollout } from "./rolloutRequest";

/** What a rollout remembers between observations. Losing it costs time, never safety. */
export interface RolloutState {
  /** Uuids of the instances this rollout created. */
  readonly launched: Set<string>;
  /** Uuids of new instances that met the policy at least once. */
  readonly proven: Set<string>;
  /** Uuids of launched instances that the API has listed at least once. */
  readonly listed: Set<string>;
  /** By uuid: since when a new instance has been ready, and its restart count at that time. */
  readonly readySince: Map<string, { readonly sinceMs: number; readonly restarts: number }>;
  /** By uuid: since when a new instance has not been serving. */
  readonly pendingSince: Map<string, number>;
  /** Since when the health check has failed; `undefined` while it passes. */
  unhealthySinceMs: number | undefined;
}

/** The state at the start of a rollout. */
export const createRolloutState = (): RolloutState => ({
  launched: new Set(),
  proven: new Set(),
  listed: new Set(),
  readySince: new Map(),
  pendingSince: new Map(),
  unhealthySinceMs: undefined,
});

/** How long the health check may fail before the rollout is aborted: one slow response is not a failure. */
const UNHEALTHY_GRACE_MS = 5_000;

const OLD_MAY_HAVE_RESPONDED =
  "An old instance may have responded. If the old ones are the unhealthy ones, remove 'health' from 'rollout', run 'pulumi up', and put it back.";

type AssessedInstance = RolloutInstance & { readonly name: string; readonly reason: string };

/**
 * Assesses every instance, and runs the health check while new instances serve beside old ones.
 *
 * Throws `WAIT_TIMEOUT` (a new instance is not ready in time), `IMAGE_MISMATCH` (it runs another image), `OPERATION_FAILED`
 * (the health check failed).
 */
export async function assessInstances(
  rollout: Rollout,
  instances: readonly InstanceItem[],
  state: RolloutState,
): Promise<readonly RolloutInstance[]> {
  const nowMs = rollout.clock.now();
  const assessed = [
    ...instances.map((instance) => assessInstance(rollout, instance, state, nowMs)),
    ...unlistedInstances(instances, state),
  ];
  const healthy = await passesHealthCheck(rollout, assessed, state);
  const results = healthy
    ? assessed
    : assessed.map((instance) => (isNewAndServing(instance) ? { ...instance, health: "pending" as const } : instance));
  for (const instance of results) if (instance.generation === "new") assertReadyInTime(rollout, instance, state, nowMs);
  return results;
}

const isNewAndServing = (instance: RolloutInstance): boolean =>
  instance.generation === "new" && instance.health === "serving";

function assessInstance(
  rollout: Rollout,
  instance: InstanceItem,
  state: RolloutState,
  nowMs: number,
): AssessedInstance {
  const { uuid, name } = instance;
  const isLaunchedHere = state.launched.has(uuid);
  if (isLaunchedHere) state.listed.add(uuid);
  const isNew = rollout.isNew(instance);
  if (isLaunchedHere && !isNew) {
    throw new UnikernelError(
      "IMAGE_MISMATCH",
      `Instance '${name}' runs image ${instance.image ?? "(none)"}, not the requested one.`,
    );
  }
  const readiness = (rollout.policy.readyOnceRunning === true ? assessLiveness : assessReadiness)(instance);
  const reason = readiness.outcome === "met" ? "it became ready too late, or did not stay ready" : readiness.reason;
  if (!isNew || (readiness.outcome === "failed" && !isLaunchedHere)) {
    // A new instance that failed before this rollout is replaced like an old one: only instances it created can fail it.
    return { uuid, name, reason, generation: "old", health: toHealth(readiness) };
  }
  if (readiness.outcome !== "met") state.readySince.delete(uuid);
  const isSteady = readiness.outcome === "met" && isStable(instance, state, rollout.policy.stableForMs, nowMs);
  return {
    uuid,
    name,
    reason,
    generation: "new",
    health: readiness.outcome === "met" && !isSteady ? "pending" : toHealth(readiness),
  };
}

const toHealth = ({ outcome }: ConditionResult): RolloutInstance["health"] =>
  outcome === "met" ? "serving" : outcome === "failed" ? "down" : "pending";

/** Instances launched a moment ago may not be listed yet; without these, they would be launched again. */
function unlistedInstances(instances: readonly InstanceItem[], state: RolloutState): readonly AssessedInstance[] {
  const listedUuids = new Set(instances.map(({ uuid }) => uuid));
  return [...state.launched]
    .filter((uuid) => !listedUuids.has(uuid) && !state.listed.has(uuid))
    .map((uuid) => ({ uuid, name: uuid, reason: "it is not listed", generation: "new", health: "pending" }));
}

function isStable(instance: InstanceItem, state: RolloutState, stableForMs: number, nowMs: number): boolean {
  const restarts = instance.restart_count ?? 0;
  const before = state.readySince.get(instance.uuid);
  if (before === undefined || before.restarts !== restarts) {
    state.readySince.set(instance.uuid, { sinceMs: nowMs, restarts });
    return stableForMs === 0;
  }
  return nowMs - before.sinceMs >= stableForMs;
}

function assertReadyInTime(rollout: Rollout, instance: AssessedInstance, state: RolloutState, nowMs: number): void {
  const { name, reason } = instance;
  if (instance.health === "serving") {
    state.proven.add(instance.uuid);
    state.pendingSince.delete(instance.uuid);
    return;
  }
  const sinceMs = state.pendingSince.get(instance.uuid) ?? nowMs;
  state.pendingSince.set(instance.uuid, sinceMs);
  const { healthyWithinMs, stableForMs } = rollout.policy;
  if (instance.health === "pending" && nowMs - sinceMs > healthyWithinMs + stableForMs) {
    throw new UnikernelError(
      "WAIT_TIMEOUT",
      `Instance '${name}' was not ready within ${healthyWithinMs / 1000} s: ${reason}.`,
      {
        hint: `It must become ready within 'rollout.healthyWithinMs', or customTimeouts if that is shorter, and then stay ready for 'rollout.stableForMs' (${stableForMs / 1000} s).`,
      },
    );
  }
}

/**
 * Probes the service as a client would. Any instance may serve a probe, so it sends one per ready instance and requires
 * every response to be healthy.
 */
async function passesHealthCheck(
  rollout: Rollout,
  instances: readonly RolloutInstance[],
  state: RolloutState,
): Promise<boolean> {
  const { clock, policy, signal, url } = rollout;
  const isRolling = state.launched.size > 0 || instances.some((instance) => instance.generation === "old");
  const isProving = instances.some((instance) => instance.generation === "new" && state.readySince.has(instance.uuid));
  if (policy.health === undefined || url === undefined || !isRolling || !isProving) return true;

  const readyCount = instances.filter(
    (instance) => instance.health === "serving" || state.readySince.has(instance.uuid),
  ).length;
  for (let probe = 0; probe < readyCount; probe++) {
    const reason = findHealthProblem(await probeHttp(url + policy.health.path, signal), policy.health);
    if (reason === undefined) continue;
    const nowMs = clock.now();
    state.unhealthySinceMs ??= nowMs;
    if (nowMs - state.unhealthySinceMs > Math.max(UNHEALTHY_GRACE_MS, policy.stableForMs)) {
      const hasOld = instances.some(({ generation, health }) => generation === "old" && health === "serving");
      throw new UnikernelError(
        "OPERATION_FAILED",
        `The health check failed with a new instance in the service: ${reason}.`,
        hasOld ? { hint: OLD_MAY_HAVE_RESPONDED } : {},
      );
    }
    // Time with a failing health check does not count as ready.
    state.readySince.clear();
    return false;
  }
  state.unhealthySinceMs = undefined;
  return true;
}
