/** From what the API says of instances to what the plan needs to know of them. */
import type { InstanceItem } from "../contract/models";
import { probeHttp } from "../client/httpProbe";
import { type ConditionResult, assessReadiness } from "../client/waitForInstance";
import { UnikernelError } from "../base/errors";
import { findHealthProblem } from "./healthCheck";
import type { RolloutInstance } from "./plan";
import type { Rollout } from "./rolloutRequest";

/** What a roll remembers between observations. Losing it costs time, never safety. */
export interface RolloutState {
  /** What this roll made. */
  readonly launched: Set<string>;
  /** New instances that served as the policy asks, once. */
  readonly proven: Set<string>;
  /** What was launched and seen at least once. */
  readonly listed: Set<string>;
  /** When each new instance was first seen answering, and its restarts then. */
  readonly readySince: Map<string, { readonly sinceMs: number; readonly restarts: number }>;
  /** Since when each new instance has not served. */
  readonly pendingSince: Map<string, number>;
  unhealthySinceMs: number | undefined;
}

/** The memory of a roll that begins. */
export const createRolloutState = (): RolloutState => ({
  launched: new Set(),
  proven: new Set(),
  listed: new Set(),
  readySince: new Map(),
  pendingSince: new Map(),
  unhealthySinceMs: undefined,
});

/** Health answers may be wrong for so long before the roll is given up: one slow answer is not a failure. */
const UNHEALTHY_GRACE_MS = 5_000;

type AssessedInstance = RolloutInstance & { readonly name: string; readonly reason: string };

/**
 * Judges every instance, and asks for health while new ones prove themselves beside old ones.
 *
 * Throws `WAIT_TIMEOUT` (a new one does not serve in time), `IMAGE_MISMATCH` (it runs something else), `OPERATION_FAILED`
 * (the health check).
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
    : assessed.map((unit) => (isNewAndServing(unit) ? { ...unit, health: "pending" as const } : unit));
  for (const unit of results) if (unit.generation === "new") assertReadyInTime(rollout, unit, state, nowMs);
  return results;
}

const isNewAndServing = (unit: RolloutInstance): boolean => unit.generation === "new" && unit.health === "serving";

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
      `Instance '${name}' runs ${instance.image ?? "nothing"}, not what was asked for.`,
    );
  }
  const readiness = assessReadiness(instance);
  const reason = readiness.outcome === "met" ? "it does not keep answering" : readiness.reason;
  if (!isNew || (readiness.outcome === "failed" && !isLaunchedHere)) {
    // One that was broken before this roll is replaced like an old one; only what this roll made can make it fail.
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

const toHealth = (verdict: ConditionResult): RolloutInstance["health"] =>
  verdict.outcome === "met" ? "serving" : verdict.outcome === "failed" ? "down" : "pending";

/** What was launched a moment ago may not be readable yet; without this it would be launched again. */
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
      `Instance '${name}' did not answer within ${healthyWithinMs / 1000} s: ${reason}.`,
    );
  }
}

/**
 * Asks the service as a client would. Any instance may answer, so each must have had its turn: as many questions as there
 * are instances to answer them, and all answers right.
 */
async function passesHealthCheck(
  rollout: Rollout,
  instances: readonly RolloutInstance[],
  state: RolloutState,
): Promise<boolean> {
  const { clock, policy, signal, url } = rollout;
  const isRolling = state.launched.size > 0 || instances.some((unit) => unit.generation === "old");
  const isProving = instances.some((unit) => unit.generation === "new" && state.readySince.has(unit.uuid));
  if (policy.health === undefined || url === undefined || !isRolling || !isProving) return true;

  const answering = instances.filter((unit) => unit.health === "serving" || state.readySince.has(unit.uuid)).length;
  for (let turn = 0; turn < answering; turn++) {
    const reason = findHealthProblem(await probeHttp(url + policy.health.path, signal), policy.health);
    if (reason === undefined) continue;
    const nowMs = clock.now();
    state.unhealthySinceMs ??= nowMs;
    if (nowMs - state.unhealthySinceMs > Math.max(UNHEALTHY_GRACE_MS, policy.stableForMs)) {
      throw new UnikernelError(
        "OPERATION_FAILED",
        `The health check failed with a new instance in the service: ${reason}.`,
      );
    }
    // Time with wrong answers does not count as time of answering.
    state.readySince.clear();
    return false;
  }
  state.unhealthySinceMs = undefined;
  return true;
}
