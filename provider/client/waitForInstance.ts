/** Waiting for an instance: conditions judge one observation, the loop does nothing clever. */
import type { Clock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { type Client, onlyItem } from "./client";
import { ITEM_CODES } from "../contract/codes";
import { type SecretInputs, readConsoleExcerpt } from "./errors/consoleExcerpt";
import type { InstanceItem, InstanceState } from "../contract/models";
import { describeStop } from "./errors/stopReason";

/** What a condition makes of one observation. */
export type ConditionResult =
  | { readonly outcome: "met" }
  | { readonly outcome: "pending"; readonly reason: string }
  /** Will never be met: stop waiting now. */
  | { readonly outcome: "failed"; readonly reason: string };

/** Judges an instance as it is now. Pure. */
export type Condition = (instance: InstanceItem) => ConditionResult;

const DOWN_STATES: readonly (InstanceState | undefined)[] = [
  "stopped",
  "stopping",
  "deleted",
  "template",
  "checkpoint",
];

/** A restart sequence that has got so far is a crash loop: the pauses between further attempts only grow. */
const CRASH_LOOP_ATTEMPTS = 2;

/** The guest's program runs, or sleeps ready to wake. */
export const assessLiveness: Condition = (instance) => {
  if (instance.state === "running" || instance.state === "standby") return { outcome: "met" };
  const restart = instance.restart ?? undefined;
  if (restart !== undefined && restart.attempt >= CRASH_LOOP_ATTEMPTS) {
    return { outcome: "failed", reason: `${describeStop(instance)}, again after ${restart.attempt} restarts` };
  }
  if (instance.state === "stopped" && restart !== undefined) {
    return { outcome: "pending", reason: `it is being restarted (attempt ${restart.attempt})` };
  }
  if (DOWN_STATES.includes(instance.state)) return { outcome: "failed", reason: describeStop(instance) };
  return { outcome: "pending", reason: `its state is '${instance.state ?? "unknown"}'` };
};

/**
 * The program listens on its service's ports. `net_time_us` is 0 until then; a node that does not report it at all
 * is believed as soon as the instance is up.
 */
export const assessReadiness: Condition = (instance) => {
  const liveness = assessLiveness(instance);
  if (liveness.outcome !== "met" || instance.state === "standby" || instance.net_time_us !== 0) return liveness;
  return { outcome: "pending", reason: "its program does not listen on the service's port yet" };
};

/** Limits of a wait. */
export interface WaitOptions {
  readonly timeoutMs: number;
  /** What the instance was given, for {@link guestStoppedError}. */
  readonly secretInputs?: readonly SecretInputs[];
  /** One that was never seen may be missing for so long: what was made a moment ago is not readable at once. Default 0. */
  readonly notFoundGraceMs?: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** The longest single server-side wait: short enough to notice that an instance failed instead. */
const SERVER_WAIT_S = 2;
const MIN_POLL_INTERVAL_MS = 50;
const MAX_POLL_INTERVAL_MS = 1_000;

/**
 * Observes an instance until the condition is met, and returns the observation.
 *
 * Throws `GUEST_STOPPED` (condition failed; carries the decoded reason and the last console lines), `WAIT_TIMEOUT`, or `NOT_FOUND`.
 */
export async function waitForInstance(
  client: Client,
  uuid: string,
  condition: Condition,
  options: WaitOptions,
): Promise<InstanceItem> {
  const { clock, signal } = options;
  const call = signal === undefined ? {} : { signal };
  const deadlineMs = clock.now() + options.timeoutMs;
  const notFoundGraceEndMs = clock.now() + (options.notFoundGraceMs ?? 0);
  let wasFound = false;
  for (let pauseMs = MIN_POLL_INTERVAL_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_POLL_INTERVAL_MS)) {
    const reply = await client.getInstances({ query: { uuid: [uuid] } }, call);
    if (!wasFound && reply.items[0]?.error === ITEM_CODES.NotFound && clock.now() < notFoundGraceEndMs) {
      await clock.sleep(pauseMs, signal);
      continue;
    }
    const instance = onlyItem(reply, `Reading instance '${uuid}'`);
    wasFound = true;
    const result = condition(instance);
    if (result.outcome === "met") return instance;
    if (result.outcome === "failed")
      throw await guestStoppedError(client, instance, result.reason, options.secretInputs);
    if (clock.now() >= deadlineMs) {
      const seconds = Math.round(options.timeoutMs / 1000);
      throw new UnikernelError(
        "WAIT_TIMEOUT",
        `Instance '${instance.name}' was not ready after ${seconds} s: ${result.reason}.`,
        {
          hint: "Look at its console log; give it more time or memory if it is only slow.",
          details: { metro: client.metro, resource: uuid, state: instance.state },
        },
      );
    }
    if (instance.state === "starting") {
      const query = { uuid: [uuid], state: ["running" as const], timeout_s: [SERVER_WAIT_S] };
      await client.waitInstances({ query }, { ...call, serverWaitMs: SERVER_WAIT_S * 1000 });
    }
    // Also after the server waited, for one that answers at once.
    await clock.sleep(pauseMs, signal);
  }
}

/** Observes until the API says that the instance is stopped or gone. Throws `WAIT_TIMEOUT`, or what the API refused. */
export async function waitUntilStopped(client: Client, uuid: string, options: WaitOptions): Promise<void> {
  const deadlineMs = options.clock.now() + options.timeoutMs;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  for (;;) {
    const reply = await client.waitInstances(
      { query: { uuid: [uuid], state: ["stopped"], timeout_s: [SERVER_WAIT_S] } },
      { ...call, serverWaitMs: SERVER_WAIT_S * 1000 },
    );
    const item = reply.items[0];
    if (item === undefined || item.error === ITEM_CODES.NotFound) return;
    if (item.state === "stopped" || item.state === "deleted") return;
    // A wait that ran out has no code, or this one; any other says that there is nothing to wait for.
    if (item.error !== undefined && item.error !== ITEM_CODES.TimedOut)
      onlyItem(reply, `Waiting for instance '${uuid}'`);
    if (options.clock.now() >= deadlineMs) {
      throw new UnikernelError("WAIT_TIMEOUT", `Instance '${item.name}' did not stop within ${options.timeoutMs} ms.`, {
        hint: "Stop it by force, or give its program more time to end.",
        details: { metro: client.metro, resource: uuid, state: item.state },
      });
    }
    // The server waited; this is for one that answers at once.
    await options.clock.sleep(MIN_POLL_INTERVAL_MS, options.signal);
  }
}

/**
 * The error of a guest that is down when it should be up. Its environment, its inline files and its plugins' configurations are
 * not quoted.
 *
 * @param secretInputs what was asked for: an answer need not hold all of it
 */
export async function guestStoppedError(
  client: Client,
  instance: InstanceItem,
  reason: string,
  secretInputs: readonly SecretInputs[] = [],
): Promise<UnikernelError> {
  const lines = await readConsoleExcerpt(client, instance.uuid, [instance, ...secretInputs]);
  const log =
    lines.length === 0 ? "Its console is empty." : `Last console lines:\n${lines.map((l) => `  | ${l}`).join("\n")}`;
  return new UnikernelError("GUEST_STOPPED", `Instance '${instance.name}' stopped: ${reason}. ${log}`, {
    hint: "\nCheck the image's cmd, its files and the memory it gets.",
    details: {
      metro: client.metro,
      resource: instance.uuid,
      stop_reason: instance.stop_reason,
      stop_code: instance.stop_code,
      exit_code: instance.exit_code,
    },
  });
}
