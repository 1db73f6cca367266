/** Waiting for an instance: conditions judge one observation, the loop does nothing clever. */
import type { Clock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { omitUndefined } from "../base/objects";
import { hasTimedOut } from "../base/timeout";
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

/** How to wait. */
export interface WaitOptions {
  readonly clock: Clock;
  /** Ends the wait: with `WAIT_TIMEOUT` when the time is up, else with its reason. `undefined` waits for as long as it takes. */
  readonly signal?: AbortSignal | undefined;
  /** What the instance was given in secret, for {@link guestStoppedError}. */
  readonly secretInputs?: readonly SecretInputs[];
  /** How long a new instance may be unreadable at first. Milliseconds; default 0. */
  readonly notFoundGraceMs?: number;
}

/** The longest single server-side wait: short enough to notice that an instance failed instead. */
const SERVER_WAIT_S = 2;
const MIN_POLL_INTERVAL_MS = 50;
const MAX_POLL_INTERVAL_MS = 1_000;

const toSeconds = (ms: number): number => Math.round(ms / 1000);

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
  const beganMs = clock.now();
  const notFoundGraceEndMs = beganMs + (options.notFoundGraceMs ?? 0);
  let last: { readonly name: string; readonly state: InstanceState | undefined; readonly reason: string } | undefined;
  try {
    for (let pauseMs = MIN_POLL_INTERVAL_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_POLL_INTERVAL_MS)) {
      const reply = await client.getInstances({ query: { uuid: [uuid] } }, call);
      if (last === undefined && reply.items[0]?.error === ITEM_CODES.NotFound && clock.now() < notFoundGraceEndMs) {
        await clock.sleep(pauseMs, signal);
        continue;
      }
      const instance = onlyItem(reply, `Reading instance '${uuid}'`);
      const result = condition(instance);
      if (result.outcome === "met") return instance;
      if (result.outcome === "failed") {
        throw await guestStoppedError(client, instance, result.reason, options.secretInputs);
      }
      last = { name: instance.name, state: instance.state, reason: result.reason };
      if (instance.state === "starting") {
        const query = { uuid: [uuid], state: ["running" as const], timeout_s: [SERVER_WAIT_S] };
        await client.waitInstances({ query }, { ...call, serverWaitMs: SERVER_WAIT_S * 1000 });
      }
      // Also after the server waited, for one that answers at once.
      await clock.sleep(pauseMs, signal);
    }
  } catch (error) {
    if (error !== signal?.reason || !hasTimedOut(signal)) throw error;
    const { name = uuid, state, reason = "it could not be read" } = last ?? {};
    const seconds = toSeconds(clock.now() - beganMs);
    throw new UnikernelError("WAIT_TIMEOUT", `Instance '${name}' was not ready after ${seconds} s: ${reason}.`, {
      hint: "Look at its console log; give it more time or memory if it is only slow.",
      details: omitUndefined({ metro: client.metro, resource: uuid, state }),
    });
  }
}

/**
 * Observes until the API says that the instance is stopped or gone. Throws `WAIT_TIMEOUT`, or what the API answered.
 *
 * @param options.timeoutMs ends the wait earlier than the signal, for a caller who then goes on
 */
export async function waitUntilStopped(
  client: Client,
  uuid: string,
  { clock, signal, timeoutMs = Infinity }: Pick<WaitOptions, "clock" | "signal"> & { readonly timeoutMs?: number },
): Promise<void> {
  const beganMs = clock.now();
  const call = signal === undefined ? {} : { signal };
  let last: { readonly name: string; readonly state: InstanceState | undefined } | undefined;
  const toTimeoutError = (): UnikernelError => {
    const { name = uuid, state } = last ?? {};
    const seconds = toSeconds(clock.now() - beganMs);
    return new UnikernelError("WAIT_TIMEOUT", `Instance '${name}' did not stop within ${seconds} s.`, {
      hint: "Stop it by force, or give its program more time to end.",
      details: omitUndefined({ metro: client.metro, resource: uuid, state }),
    });
  };
  try {
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
      last = { name: item.name, state: item.state };
      if (clock.now() - beganMs >= timeoutMs) throw toTimeoutError();
      // The server waited; this is for one that answers at once.
      await clock.sleep(MIN_POLL_INTERVAL_MS, signal);
    }
  } catch (error) {
    throw error === signal?.reason && hasTimedOut(signal) ? toTimeoutError() : error;
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
