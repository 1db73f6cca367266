/** From what the API says of instances to what the plan needs to know of them. */
import type { InstanceItem } from "../contract/models";
import { probe } from "../client/httpProbe";
import { type Verdict, answers } from "../client/waitForInstance";
import { UnikernelError } from "../base/errors";
import { unhealthyBecause } from "./healthCheck";
import type { Unit } from "./plan";
import type { Rollout } from "./rollout";

/** What a roll remembers between observations. Losing it costs time, never safety. */
export interface Memory {
  /** What this roll made. */
  readonly launched: Set<string>;
  /** New instances that served as the policy asks, once. */
  readonly proved: Set<string>;
  /** What was launched and seen at least once. */
  readonly listed: Set<string>;
  /** When each new instance was first seen answering, and its restarts then. */
  readonly answering: Map<string, { readonly sinceMs: number; readonly restarts: number }>;
  /** Since when each new instance has not served. */
  readonly pendingSince: Map<string, number>;
  unhealthySinceMs: number | undefined;
}

/** The memory of a roll that begins. */
export const newMemory = (): Memory => ({
  launched: new Set(),
  proved: new Set(),
  listed: new Set(),
  answering: new Map(),
  pendingSince: new Map(),
  unhealthySinceMs: undefined,
});

/** Health answers may be wrong for so long before the roll is given up: one slow answer is not a failure. */
const UNHEALTHY_TOLERANCE_MS = 5_000;

type Judged = Unit & { readonly name: string; readonly because: string };

/**
 * Judges every instance, and asks for health while new ones prove themselves beside old ones.
 *
 * Throws `WAIT_TIMEOUT` (a new one does not serve in time), `IMAGE_MISMATCH` (it runs something else), `OPERATION_FAILED`
 * (the health check).
 */
export async function judge(
  rollout: Rollout,
  instances: readonly InstanceItem[],
  memory: Memory,
): Promise<readonly Unit[]> {
  const nowMs = rollout.clock.now();
  const judged = [
    ...instances.map((instance) => judgeOne(rollout, instance, memory, nowMs)),
    ...unlisted(instances, memory),
  ];
  const healthy = await areHealthy(rollout, judged, memory);
  const units = healthy
    ? judged
    : judged.map((unit) => (isFreshServing(unit) ? { ...unit, health: "pending" as const } : unit));
  for (const unit of units) if (unit.generation === "new") checkTime(rollout, unit, memory, nowMs);
  return units;
}

const isFreshServing = (unit: Unit): boolean => unit.generation === "new" && unit.health === "serving";

function judgeOne(rollout: Rollout, instance: InstanceItem, memory: Memory, nowMs: number): Judged {
  const { uuid, name } = instance;
  const isOurs = memory.launched.has(uuid);
  if (isOurs) memory.listed.add(uuid);
  const isNew = rollout.isNew(instance);
  if (isOurs && !isNew) {
    throw new UnikernelError(
      "IMAGE_MISMATCH",
      `Instance '${name}' runs ${instance.image ?? "nothing"}, not what was asked for.`,
    );
  }
  const verdict = answers(instance);
  const because = verdict.is === "met" ? "it does not keep answering" : verdict.because;
  if (!isNew || (verdict.is === "failed" && !isOurs)) {
    // One that was broken before this roll is replaced like an old one; only what this roll made can make it fail.
    return { uuid, name, because, generation: "old", health: healthOf(verdict) };
  }
  if (verdict.is !== "met") memory.answering.delete(uuid);
  const isSteady = verdict.is === "met" && isStable(instance, memory, rollout.policy.stableForMs, nowMs);
  return {
    uuid,
    name,
    because,
    generation: "new",
    health: verdict.is === "met" && !isSteady ? "pending" : healthOf(verdict),
  };
}

const healthOf = (verdict: Verdict): Unit["health"] =>
  verdict.is === "met" ? "serving" : verdict.is === "failed" ? "down" : "pending";

/** What was launched a moment ago may not be readable yet; without this it would be launched again. */
function unlisted(instances: readonly InstanceItem[], memory: Memory): readonly Judged[] {
  const seen = new Set(instances.map(({ uuid }) => uuid));
  return [...memory.launched]
    .filter((uuid) => !seen.has(uuid) && !memory.listed.has(uuid))
    .map((uuid) => ({ uuid, name: uuid, because: "it is not listed", generation: "new", health: "pending" }));
}

function isStable(instance: InstanceItem, memory: Memory, stableForMs: number, nowMs: number): boolean {
  const restarts = instance.restart_count ?? 0;
  const before = memory.answering.get(instance.uuid);
  if (before === undefined || before.restarts !== restarts) {
    memory.answering.set(instance.uuid, { sinceMs: nowMs, restarts });
    return stableForMs === 0;
  }
  return nowMs - before.sinceMs >= stableForMs;
}

function checkTime(rollout: Rollout, unit: Judged, memory: Memory, nowMs: number): void {
  const { name, because } = unit;
  if (unit.health === "serving") {
    memory.proved.add(unit.uuid);
    memory.pendingSince.delete(unit.uuid);
    return;
  }
  const sinceMs = memory.pendingSince.get(unit.uuid) ?? nowMs;
  memory.pendingSince.set(unit.uuid, sinceMs);
  const { healthyWithinMs, stableForMs } = rollout.policy;
  if (unit.health === "pending" && nowMs - sinceMs > healthyWithinMs + stableForMs) {
    throw new UnikernelError(
      "WAIT_TIMEOUT",
      `Instance '${name}' did not answer within ${healthyWithinMs / 1000} s: ${because}.`,
    );
  }
}

/**
 * Asks the service as a client would. Any instance may answer, so each must have had its turn: as many questions as there
 * are instances to answer them, and all answers right.
 */
async function areHealthy(rollout: Rollout, units: readonly Unit[], memory: Memory): Promise<boolean> {
  const { clock, policy, signal, url } = rollout;
  const isRolling = memory.launched.size > 0 || units.some((unit) => unit.generation === "old");
  const isProving = units.some((unit) => unit.generation === "new" && memory.answering.has(unit.uuid));
  if (policy.health === undefined || url === undefined || !isRolling || !isProving) return true;

  const answering = units.filter((unit) => unit.health === "serving" || memory.answering.has(unit.uuid)).length;
  for (let turn = 0; turn < answering; turn++) {
    const because = unhealthyBecause(await probe(url + policy.health.path, signal), policy.health);
    if (because === undefined) continue;
    const nowMs = clock.now();
    memory.unhealthySinceMs ??= nowMs;
    if (nowMs - memory.unhealthySinceMs > Math.max(UNHEALTHY_TOLERANCE_MS, policy.stableForMs)) {
      throw new UnikernelError(
        "OPERATION_FAILED",
        `The health check failed with a new instance in the service: ${because}.`,
      );
    }
    // Time with wrong answers does not count as time of answering.
    memory.answering.clear();
    return false;
  }
  memory.unhealthySinceMs = undefined;
  return true;
}
