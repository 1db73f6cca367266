/** Assesses the instances that the API reports, as input for the plan. */
import type { InstanceItem } from "../../contract/models";
import type { Clock } from "../../base/clock";
import { UnikernelError } from "../../base/errors";
import { timeoutWithDrainMs, wrongImageError } from "./instances";
import { type IssuedRequests, type ObservedMember, isStartedHere, noRequests } from "../plan/issued";
import { type MemberPhase, isReady } from "../plan/member";
import { readinessOf } from "./readiness";
import { readyForMs } from "./readyFor";
import { isComingUp } from "./comingUp";
import type { Rollout } from "../rolloutRequest";
import { steadyTime } from "../waiting";

/** What a rollout remembers between observations. Losing it costs time, never safety. */
export interface RolloutState {
  /** The time for measuring durations, in milliseconds: it never goes back. */
  readonly now: () => number;
  /** Uuids of the instances this rollout created. */
  readonly launched: Set<string>;
  /** Uuids of new instances that met the policy at least once. */
  readonly proven: Set<string>;
  /** What it asked for so far; `launched` is part of it. */
  readonly issued: IssuedRequests;
  /** By uuid: since when a new instance has been ready, and its restart count at that time. */
  readonly readySince: Map<string, { readonly sinceMs: number; readonly restarts: number }>;
  /** By uuid: since when an instance has been pending, or draining. */
  readonly pendingSince: Map<string, number>;
  readonly drainingSince: Map<string, number>;
}

/** The state at the start of a rollout. */
export function createRolloutState(clock: Pick<Clock, "now">): RolloutState {
  const issued = noRequests();
  return {
    now: steadyTime(clock),
    launched: issued.launched,
    proven: new Set(),
    issued,
    readySince: new Map(),
    pendingSince: new Map(),
    drainingSince: new Map(),
  };
}

/** An instance as assessed. */
export interface AssessedMember extends ObservedMember {
  readonly name: string;
  /** Why it is not ready; empty if it is. */
  readonly reason: string;
  /** It is ready at the moment, and may have to stay so. */
  readonly hasPassed: boolean;
  /** Attempts of its gate that failed since its start; `undefined` if the metro reports none. */
  readonly attempts: number | undefined;
}

/** Assesses every instance. Throws `IMAGE_MISMATCH` for a new instance that runs another image. */
export const assessInstances = (
  rollout: Rollout,
  instances: readonly InstanceItem[],
  state: RolloutState,
): readonly AssessedMember[] => {
  const listed = new Set(instances.map(({ uuid }) => uuid));
  for (const uuid of state.launched) if (!listed.has(uuid)) assertListedInTime(rollout, uuid, state);
  return instances.map((instance) => assessInstance(rollout, instance, state));
};

/** Throws `WAIT_TIMEOUT` for an instance that was launched and is never listed. One that was listed and is gone was deleted. */
function assertListedInTime(rollout: Rollout, uuid: string, state: RolloutState): void {
  const { issued } = state;
  if (issued.listed.has(uuid) || issued.gone.has(uuid)) return;
  if (pendingMs(uuid, state) <= rollout.policy.healthyWithinMs) return;
  throw new UnikernelError(
    "WAIT_TIMEOUT",
    `Instance '${uuid}' was not ready within ${rollout.policy.healthyWithinMs / 1000} s: it is not listed.`,
  );
}

function assessInstance(rollout: Rollout, instance: InstanceItem, state: RolloutState): AssessedMember {
  const { uuid, name, start_count: starts, restart_count: restarts = 0 } = instance;
  const inRotation = instance.rotation !== "out";
  const readiness = readinessOf(rollout.policy)(instance);
  const reason = readiness.outcome === "met" ? "" : readiness.reason;
  const { reason: why, attempts = 1 } = instance.readiness ?? {};
  const failedAttempts = reason !== "" && reason === why ? attempts : undefined;
  const hasPassed = readiness.outcome === "met";
  const base = { uuid, name, reason, hasPassed, attempts: failedAttempts, inRotation, starts, restarts };
  const drainPhase = phaseOfDrain(rollout, instance, state);
  const isNew = rollout.isNew(instance);
  if (rollout.isRetired?.(instance) === true)
    return { ...base, generation: "retired", phase: drainPhase ?? (readiness.outcome === "failed" ? "down" : "ready") };
  if (state.launched.has(uuid) && !isNew) {
    throw wrongImageError(instance);
  }
  const isHere = isStartedHere(state.issued, uuid);
  const phase = drainPhase ?? (isNew ? phaseOfNew : phaseOfOld)(rollout, instance, state);
  if (phase === "ready" || phase === "asleep") {
    state.pendingSince.delete(uuid);
    if (isNew) state.proven.add(uuid);
  }
  // A new instance that failed before this rollout is replaced like an old one: only instances it started can fail it.
  const fails = isNew && !isHere && (phase === "unready" || phase === "down");
  const isLate = isNew && isHere && phase === "unready";
  return {
    ...base,
    generation: isNew && !fails ? "new" : "old",
    phase: isLate ? "failed" : phase,
    reason: reason === "" && !isReady({ phase }) ? reasonOfUnstable(rollout, uuid, phase, state) : reason,
  };
}

/** Why a member that is ready at the moment does not count as ready. */
function reasonOfUnstable({ policy }: Rollout, uuid: string, phase: MemberPhase, state: RolloutState): string {
  const since = state.readySince.get(uuid);
  if (phase !== "starting" || since === undefined) return "it became ready too late, or did not stay ready";
  const leftMs = Math.max(0, since.sinceMs + policy.stableForMs - state.now());
  return `ready; must stay so for ${Math.ceil(leftMs / 1000)} s more`;
}

/** The phase of an instance that was told to stop and has not yet. */
function phaseOfDrain(
  { policy, timeoutMs }: Rollout,
  { uuid, state: instanceState }: InstanceItem,
  { now, drainingSince }: RolloutState,
): "draining" | "stuck" | undefined {
  if (instanceState !== "draining" && instanceState !== "stopping") {
    drainingSince.delete(uuid);
    return undefined;
  }
  const sinceMs = drainingSince.get(uuid) ?? now();
  drainingSince.set(uuid, sinceMs);
  return now() - sinceMs >= timeoutWithDrainMs(timeoutMs, policy.drainTimeoutMs) ? "stuck" : "draining";
}

/** For how long the instance has been pending. Milliseconds. */
function pendingMs(uuid: string, { now, pendingSince }: RolloutState): number {
  const sinceMs = pendingSince.get(uuid) ?? now();
  pendingSince.set(uuid, sinceMs);
  return now() - sinceMs;
}

/** One that is restarted again and again must be stopped before it can be changed in place; others are deleted as they are. */
const phaseOfFailed = ({ policy }: Rollout, { state, restart }: InstanceItem): MemberPhase =>
  state === "running" || (policy.strategy === "inPlace" && restart != null) ? "unready" : "down";

function phaseOfOld(rollout: Rollout, instance: InstanceItem, state: RolloutState): MemberPhase {
  const { outcome } = readinessOf(rollout.policy)(instance);
  if (outcome === "met") return instance.state === "standby" ? "asleep" : "ready";
  if (outcome === "failed") return phaseOfFailed(rollout, instance);
  const ms = pendingMs(instance.uuid, state);
  return isComingUp(instance, { pendingMs: ms, nowMs: rollout.clock.now() }) ? "starting" : "unready";
}

/** "unready" for one that failed its gate or was not ready in time. */
function phaseOfNew(rollout: Rollout, instance: InstanceItem, state: RolloutState): MemberPhase {
  const { healthyWithinMs, stableForMs } = rollout.policy;
  const { outcome } = readinessOf(rollout.policy)(instance);
  if (outcome === "failed") return phaseOfFailed(rollout, instance);
  if (outcome === "met" && isStable(rollout, instance, state)) return instance.state === "standby" ? "asleep" : "ready";
  // One that wakes was ready before and was not restarted.
  if (outcome === "pending" && instance.restart_count === undefined) state.readySince.delete(instance.uuid);
  return pendingMs(instance.uuid, state) > healthyWithinMs + stableForMs ? "unready" : "starting";
}

/** True if it has been ready for long enough. One that was there before this rollout may have been so all the time. */
function isStable({ clock, policy }: Rollout, instance: InstanceItem, state: RolloutState): boolean {
  const { uuid, restart_count: restarts = 0 } = instance;
  const nowMs = state.now();
  const before = state.readySince.get(uuid);
  if (before?.restarts === restarts) return nowMs - before.sinceMs >= policy.stableForMs;
  const isSeenFirst = before === undefined && !isStartedHere(state.issued, uuid);
  const readyMs = isSeenFirst ? readyForMs(instance, clock.now()) : 0;
  state.readySince.set(uuid, { sinceMs: nowMs - readyMs, restarts });
  return readyMs >= policy.stableForMs;
}
