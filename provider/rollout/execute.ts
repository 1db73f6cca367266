/**
 * Carries out a roll: observe, plan, act, until done or given up.
 *
 * A roll that is given up removes only instances that it launched itself and that have not proved themselves; what
 * serves is never removed. Calling it again continues from what is there.
 */
import { type Client, onlyItem } from "../api/client";
import type { CreateInstanceRequest, InstanceItem } from "../api/models";
import { probe } from "../api/probe";
import { answers, guestStopped, waitUntilStopped } from "../api/wait";
import type { Clock } from "../base/clock";
import { type Blame, type ErrorCode, UnikernelError, blame, sentencesOf } from "../base/errors";
import { unhealthyBecause } from "./match";
import { type Unit, nextStep } from "./plan";
import type { RolloutPolicy } from "./policy";

/** What is to run, and where. */
export interface Rollout {
  readonly client: Client;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly service: { readonly uuid: string; readonly name: string };
  /** Address at which a client reaches the service; asked for health. `undefined` when it cannot be asked. */
  readonly url: string | undefined;
  readonly policy: RolloutPolicy;
  /** True for instances made from the wanted template (image included). */
  readonly isNew: (instance: InstanceItem) => boolean;
  /** True for instances this resource manages; others in the service are left alone. */
  readonly isManaged: (instance: InstanceItem) => boolean;
  /** The request for one more instance, with a name of its own. */
  readonly request: () => CreateInstanceRequest;
  /** Inputs that a refused launch is about, by the code of the refusal. */
  readonly blames?: Readonly<Partial<Record<ErrorCode, Blame>>>;
}

/** What a roll remembers between observations. Losing it costs time, never safety. */
interface Memory {
  /** When each new instance was first seen answering, and its restarts then. */
  readonly answering: Map<string, { readonly sinceMs: number; readonly restarts: number }>;
  readonly firstSeen: Map<string, number>;
  readonly launched: Set<string>;
  unhealthy: { readonly because: string; readonly sinceMs: number } | undefined;
}

const OBSERVE_EVERY_MS = 200;
/** A health answer may be wrong for so long before the roll is given up: one slow answer is not a failure. */
const UNHEALTHY_TOLERANCE_MS = 5_000;

/**
 * Brings the service to `policy.desired` new instances. Returns them.
 *
 * Throws `ROLLOUT_FAILED` (old instances keep serving), or what the API answered to a launch.
 */
export async function roll(rollout: Rollout): Promise<readonly InstanceItem[]> {
  const memory: Memory = { answering: new Map(), firstSeen: new Map(), launched: new Set(), unhealthy: undefined };
  try {
    for (;;) {
      rollout.signal?.throwIfAborted();
      const instances = await observe(rollout);
      const units = await judge(rollout, instances, memory);
      const step = nextStep(units, rollout.policy);
      switch (step.do) {
        case "done":
          return instances.filter(rollout.isNew);
        case "launch":
          for (let i = 0; i < step.count; i++) memory.launched.add(await launch(rollout));
          break;
        case "drain":
          await Promise.all(step.uuids.map((uuid) => drain(rollout, uuid)));
          break;
        case "remove":
          await remove(rollout.client, step.uuids);
          break;
        case "give-up": {
          const broken = instances.find((instance) => instance.uuid === step.uuids[0]);
          const verdict = broken === undefined ? undefined : answers(broken);
          if (broken !== undefined && verdict?.is === "failed")
            throw await guestStopped(rollout.client, broken, verdict.because);
          throw new UnikernelError("OPERATION_FAILED", "A new instance is down.");
        }
        case "wait":
          await rollout.clock.sleep(OBSERVE_EVERY_MS, rollout.signal);
          break;
        default:
          step satisfies never;
      }
    }
  } catch (error) {
    throw await giveUp(rollout, memory, error);
  }
}

/** The managed instances of the service, as they are now. */
export async function observe(
  rollout: Pick<Rollout, "client" | "service" | "isManaged" | "signal">,
): Promise<readonly InstanceItem[]> {
  const { client, service } = rollout;
  const call = rollout.signal === undefined ? {} : { signal: rollout.signal };
  const group = onlyItem(
    await client.getServices({ query: { uuid: [service.uuid] } }, call),
    `Reading service '${service.name}'`,
  );
  const uuids = (group.instances ?? []).map((member) => member.uuid);
  if (uuids.length === 0) return [];
  const reply = await client.getInstances({ query: { uuid: uuids } }, call);
  // A member may be deleted between the two answers.
  return reply.items.filter((item) => item.status !== "error" && item.state !== "deleted" && rollout.isManaged(item));
}

async function judge(rollout: Rollout, instances: readonly InstanceItem[], memory: Memory): Promise<readonly Unit[]> {
  const { clock, policy } = rollout;
  const nowMs = clock.now();
  const units: Unit[] = [];
  for (const instance of instances) {
    const verdict = answers(instance);
    const generation = rollout.isNew(instance) ? "new" : "old";
    let health: Unit["health"] = verdict.is === "met" ? "serving" : verdict.is === "failed" ? "down" : "pending";
    if (generation === "new") {
      const firstSeenMs = memory.firstSeen.get(instance.uuid) ?? nowMs;
      memory.firstSeen.set(instance.uuid, firstSeenMs);
      if (health === "serving") {
        if (!isStable(instance, memory, policy.stableForMs, nowMs)) health = "pending";
      } else {
        memory.answering.delete(instance.uuid);
        if (verdict.is === "pending" && nowMs - firstSeenMs > policy.healthyWithinMs + policy.stableForMs) {
          throw new UnikernelError(
            "WAIT_TIMEOUT",
            `Instance '${instance.name}' did not answer within ${policy.healthyWithinMs / 1000} s: ${verdict.because}.`,
          );
        }
      }
    }
    units.push({ uuid: instance.uuid, generation, health });
  }
  const proving = units.some((unit) => unit.generation === "new" && memory.answering.has(unit.uuid));
  if (proving && policy.health !== undefined && rollout.url !== undefined && memory.launched.size > 0) {
    const healthy = await askHealth(rollout, memory);
    if (!healthy)
      return units.map((u) => (u.generation === "new" && u.health === "serving" ? { ...u, health: "pending" } : u));
  }
  return units;
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

/** Asks the service as a client would. The answer may come from any instance: while a new one is in, all must be healthy. */
async function askHealth(rollout: Rollout, memory: Memory): Promise<boolean> {
  const { health } = rollout.policy;
  if (health === undefined || rollout.url === undefined) return true;
  const because = unhealthyBecause(await probe(rollout.url + health.path, rollout.signal), health);
  if (because === undefined) {
    memory.unhealthy = undefined;
    return true;
  }
  const nowMs = rollout.clock.now();
  memory.unhealthy = { because, sinceMs: memory.unhealthy?.sinceMs ?? nowMs };
  if (nowMs - memory.unhealthy.sinceMs > Math.max(UNHEALTHY_TOLERANCE_MS, rollout.policy.stableForMs)) {
    throw new UnikernelError(
      "OPERATION_FAILED",
      `The health check failed with a new instance in the service: ${because}.`,
    );
  }
  return false;
}

async function launch(rollout: Rollout): Promise<string> {
  const request = rollout.request();
  const attempted = `Creating instance '${request.name ?? ""}' of service '${rollout.service.name}'`;
  const call = rollout.signal === undefined ? {} : { signal: rollout.signal };
  try {
    // An answer that is lost needs no second try here: if the server acted, the next observation shows the instance.
    return onlyItem(await rollout.client.createInstance({ body: request }, call), attempted).uuid;
  } catch (error) {
    throw blame(error, rollout.blames ?? {});
  }
}

/** Stops with a drain, waits, deletes. */
export async function drain(
  rollout: Pick<Rollout, "client" | "clock" | "signal" | "policy">,
  uuid: string,
): Promise<void> {
  const { client, clock, signal, policy } = rollout;
  await client.stopInstances({ body: [{ uuid, drain_timeout_ms: policy.drainTimeoutMs }] });
  await waitUntilStopped(client, uuid, { timeoutMs: policy.drainTimeoutMs + 60_000, clock, signal });
  await remove(client, [uuid]);
}

/** Deletes; what is already gone is fine. */
export async function remove(client: Client, uuids: readonly string[]): Promise<void> {
  if (uuids.length === 0) return;
  const reply = await client.deleteInstances({ body: uuids.map((uuid) => ({ uuid })) });
  for (const [index, item] of reply.items.entries()) {
    if (item.status !== "error" || item.error === 8) continue;
    onlyItem({ items: [item], message: reply.message }, `Deleting instance '${uuids[index] ?? ""}'`);
  }
}

/** Cleans up after a failed roll and says what state it leaves. */
async function giveUp(rollout: Rollout, memory: Memory, error: unknown): Promise<unknown> {
  if (rollout.signal?.aborted === true) return error;
  let left = "";
  try {
    const instances = await observe(rollout);
    const unproved = instances.filter(
      (i) => memory.launched.has(i.uuid) && rollout.isNew(i) && !hasProved(i, rollout, memory),
    );
    await remove(
      rollout.client,
      unproved.map((instance) => instance.uuid),
    );
    const serving = instances.filter((i) => !unproved.includes(i) && answers(i).is === "met");
    const old = serving.filter((instance) => !rollout.isNew(instance)).length;
    left = `${serving.length} instances go on serving, ${old} of them old; ${unproved.length} new ones were removed.`;
  } catch (cleanupError) {
    left = `Cleaning up failed too: ${cleanupError instanceof Error ? cleanupError.message : String(cleanupError)}`;
  }
  const said = UnikernelError.is(error) ? sentencesOf(error) : String(error);
  return new UnikernelError(
    "ROLLOUT_FAILED",
    `The roll of service '${rollout.service.name}' was given up. ${left} Cause: ${said}`,
    {
      hint: "Mend the cause and run 'pulumi up' again: it goes on from here.",
      cause: error,
    },
  );
}

function hasProved(instance: InstanceItem, rollout: Rollout, memory: Memory): boolean {
  const since = memory.answering.get(instance.uuid)?.sinceMs;
  return (
    since !== undefined &&
    memory.unhealthy === undefined &&
    answers(instance).is === "met" &&
    rollout.clock.now() - since >= rollout.policy.stableForMs
  );
}
