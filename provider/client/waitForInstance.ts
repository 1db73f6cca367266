/** Waits for an instance. Conditions assess one observation and hold all the logic; the loop only polls. */
import type { Clock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { omitUndefined } from "../base/objects";
import { hasTimedOut } from "../base/timeout";
import { type Client, onlyItem } from "./client";
import { ITEM_CODES } from "../contract/codes";
import type { InstanceItem, InstanceState } from "../contract/models";
import { describeStop } from "./errors/stopReason";

/** Assessment of one observation. */
export type ConditionResult =
  | { readonly outcome: "met" }
  /** `lookAgainMs`: time until the next observation. Default: short at first, growing to a second. */
  | { readonly outcome: "pending"; readonly reason: string; readonly lookAgainMs?: number }
  /** Cannot be met any more; the wait ends. */
  | { readonly outcome: "failed"; readonly reason: string };

/** Assesses an observed instance. Pure. */
export type Condition = (instance: InstanceItem) => ConditionResult;

const DOWN_STATES: readonly (InstanceState | undefined)[] = [
  "stopped",
  "stopping",
  "deleted",
  "template",
  "checkpoint",
];

/** From this attempt on, a restart sequence counts as a crash loop: the delays between attempts only grow. */
const CRASH_LOOP_ATTEMPTS = 2;

/** Met if the guest is running or in standby. Fails if it is down or in a crash loop. */
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
 * Met if the program listens on its service's ports: `net_time_us` is 0 until then. Older nodes do not report it; then a live
 * instance counts as ready. With a readiness probe: met once it has passed since the last start or wake; fails if it has failed. An
 * instance in standby counts as ready: it is probed when it wakes.
 */
export const assessReadiness: Condition = (instance) => {
  const liveness = assessLiveness(instance);
  if (liveness.outcome !== "met" || instance.state === "standby") return liveness;
  if (instance.net_time_us === 0)
    return { outcome: "pending", reason: "its program does not listen on the service's port yet" };
  const { state = "passed", reason, attempts } = instance.readiness ?? {};
  if (state === "passed") return liveness;
  const why = reason ?? "its readiness probe has not passed yet";
  if (state === "waiting") return { outcome: "pending", reason: why };
  return { outcome: "failed", reason: attempts === undefined ? why : `${why} (attempt ${attempts} of its probe)` };
};

/** Options of {@link waitForInstance}. */
export interface WaitOptions {
  readonly clock: Clock;
  /** Ends the wait with `WAIT_TIMEOUT` if it timed out, otherwise with its reason. `undefined` waits without a limit. */
  readonly signal?: AbortSignal | undefined;
  /** What it has not done when the wait times out. Default `was not ready`. */
  readonly goal?: string;
  /** Time in which a new instance may still be reported as not found. Milliseconds; default 0. */
  readonly notFoundGraceMs?: number;
}

/** Limit of a server-side wait: short, to notice soon if the instance fails instead. */
const SERVER_WAIT_S = 2;
const MIN_POLL_INTERVAL_MS = 50;
const MAX_POLL_INTERVAL_MS = 1_000;

const toSeconds = (ms: number): number => Math.round(ms / 1000);

/**
 * Polls an instance until the condition is met, and returns the last observation.
 *
 * Throws `GUEST_STOPPED` or `OPERATION_FAILED` if the condition fails, `WAIT_TIMEOUT`, `NOT_FOUND`, or the client's errors.
 */
export async function waitForInstance(
  client: Client,
  uuid: string,
  condition: (instance: InstanceItem) => ConditionResult | Promise<ConditionResult>,
  options: WaitOptions,
): Promise<InstanceItem> {
  const { clock, signal } = options;
  const call = signal === undefined ? {} : { signal };
  const beganMs = clock.now();
  const notFoundGraceEndMs = beganMs + (options.notFoundGraceMs ?? 0);
  let last: { readonly name: string; readonly state: InstanceState | undefined; readonly reason: string } | undefined;
  try {
    for (let pauseMs = MIN_POLL_INTERVAL_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_POLL_INTERVAL_MS)) {
      const response = await client.getInstances({ query: { uuid: [uuid] } }, call);
      if (last === undefined && response.items[0]?.error === ITEM_CODES.NotFound && clock.now() < notFoundGraceEndMs) {
        await clock.sleep(pauseMs, signal);
        continue;
      }
      const instance = onlyItem(response, `Reading instance '${uuid}'`);
      const result = await condition(instance);
      if (result.outcome === "met") return instance;
      if (result.outcome === "failed") throw failureOf(instance, result.reason, client.metro);
      last = { name: instance.name, state: instance.state, reason: result.reason };
      if (instance.state === "starting") {
        const query = { uuid: [uuid], state: ["running" as const], timeout_s: [SERVER_WAIT_S] };
        await client.waitInstances({ query }, { ...call, serverWaitMs: SERVER_WAIT_S * 1000 });
      }
      // Even after a server-side wait: some servers respond at once.
      await clock.sleep(Math.min(result.lookAgainMs ?? pauseMs, MAX_POLL_INTERVAL_MS), signal);
    }
  } catch (error) {
    if (error !== signal?.reason || !hasTimedOut(signal)) throw error;
    const { name = uuid, state, reason = "it could not be read" } = last ?? {};
    // The limit is of the whole operation, which began earlier: after 10 s, not after the 9 s of this wait.
    const limitMs = UnikernelError.is(error) ? error.details["timeoutMs"] : undefined;
    const seconds = toSeconds(typeof limitMs === "number" ? limitMs : clock.now() - beganMs);
    const { goal = "was not ready" } = options;
    throw new UnikernelError("WAIT_TIMEOUT", `Instance '${name}' ${goal} after ${seconds} s: ${reason}.`, {
      hint: `'${logCommand(name, client.metro)}' shows its console log. Set the option customTimeouts if it only needs more time.`,
      details: omitUndefined({ metro: client.metro, resource: uuid, state }),
    });
  }
}

/**
 * Polls until the API reports that the instance is stopped or not found. Throws `WAIT_TIMEOUT` or the client's errors.
 *
 * @param options.timeoutMs ends the wait before the signal does, for a caller that continues afterwards; default no limit
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
      hint: "Force the stop, or give its program more time to exit.",
      details: omitUndefined({ metro: client.metro, resource: uuid, state }),
    });
  };
  try {
    for (;;) {
      const response = await client.waitInstances(
        { query: { uuid: [uuid], state: ["stopped"], timeout_s: [SERVER_WAIT_S] } },
        { ...call, serverWaitMs: SERVER_WAIT_S * 1000 },
      );
      const item = response.items[0];
      if (item === undefined || item.error === ITEM_CODES.NotFound) return;
      if (item.state === "stopped" || item.state === "deleted") return;
      // A wait that timed out has this code or none; with any other code, waiting is pointless.
      if (item.error !== undefined && item.error !== ITEM_CODES.TimedOut)
        onlyItem(response, `Waiting for instance '${uuid}'`);
      last = { name: item.name, state: item.state };
      if (clock.now() - beganMs >= timeoutMs) throw toTimeoutError();
      // The server has waited, but some servers respond at once.
      await clock.sleep(MIN_POLL_INTERVAL_MS, signal);
    }
  } catch (error) {
    throw error === signal?.reason && hasTimedOut(signal) ? toTimeoutError() : error;
  }
}

/** The command that shows an instance's console log. */
export const logCommand = (name: string, metro: string): string => `npx unikernel logs ${name} --metro ${metro}`;

/**
 * `GUEST_STOPPED` for a guest that is down but should be up, with the reason and the place of its console log. It never quotes the
 * console, which may show secrets, because errors reach the state.
 *
 * @param logPlace a sentence that says where the console log is. Default: the command that shows it
 */
export const guestStoppedError = (
  instance: InstanceItem,
  reason: string,
  metro: string,
  logPlace = `'${logCommand(instance.name, metro)}' shows its console log.`,
): UnikernelError =>
  new UnikernelError("GUEST_STOPPED", `Instance '${instance.name}' stopped: ${reason}.`, {
    hint: `${logPlace} Check the program's arguments, the image's files and the memory it gets.`,
    details: {
      metro,
      resource: instance.uuid,
      stop_reason: instance.stop_reason,
      stop_code: instance.stop_code,
      exit_code: instance.exit_code,
    },
  });

/** A guest that runs has failed its readiness probe; any other one is down. */
const failureOf = (instance: InstanceItem, reason: string, metro: string): UnikernelError =>
  instance.state === "running"
    ? new UnikernelError("OPERATION_FAILED", `Instance '${instance.name}' did not pass its gate: ${reason}.`, {
        hint: `'${logCommand(instance.name, metro)}' shows its console log.`,
        details: { metro, resource: instance.uuid },
      })
    : guestStoppedError(instance, reason, metro);
