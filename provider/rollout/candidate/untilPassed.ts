/** Observes and probes a candidate until it has passed the gate, or cannot pass it any more. */
import { UnikernelError } from "../../base/errors";
import { hasTimedOut } from "../../base/timeout";
import { type CallContext, callOptions } from "../../client/callContext";
import { onlyItem } from "../../client/client";
import { type ConditionResult, guestStoppedError } from "../../client/waitForInstance";
import { ITEM_CODES } from "../../contract/codes";
import type { InstanceItem, ReadinessProbe } from "../../contract/models";
import { wrongImageError } from "../members/instances";
import { type ReadinessPolicy, readinessOf } from "../members/readiness";
import { type Waiting, pause, steadyTime } from "../waiting";
import { type ProbeProgress, afterAttempt, notProbed, probeSettings } from "../../contract/readiness/progress";

/** What a candidate must pass. */
export interface CandidateGate extends Waiting, ReadinessPolicy {
  readonly gate: ReadinessProbe;
  /** The candidate must pass within this time. Milliseconds. */
  readonly healthyWithinMs: number;
  /** True for instances that run what was requested, image included. */
  readonly isNew: (instance: InstanceItem) => boolean;
  /** Prints the console of a candidate that fails, before it is deleted, and returns a sentence about it. */
  readonly reportConsole: (instance: InstanceItem) => Promise<string>;
}

/** The candidate. */
export interface LaunchedCandidate {
  readonly uuid: string;
  /** One attempt: why it failed, as a clause; `undefined` if it succeeded. */
  readonly probe: () => Promise<string | undefined>;
  /** Receives what the candidate waits for, after each observation, and the attempts of its gate so far. */
  readonly onWait: (reason: string, instance: InstanceItem | undefined, attempts: number) => void;
}

/** Pause between two observations of a candidate that does not run yet. */
const OBSERVE_INTERVAL_MS = 200;
/** Time in which a new instance may not be listed yet. */
const LISTING_GRACE_MS = 10_000;
const NOT_LISTED: ConditionResult = { outcome: "pending", reason: "it is not listed yet" };

/**
 * Resolves when the candidate has passed.
 *
 * Throws `GUEST_STOPPED`, `WAIT_TIMEOUT`, `IMAGE_MISMATCH`, `OPERATION_FAILED` (the gate's failure threshold), the client's errors, or
 * the reason of a signal that was cancelled.
 */
export async function untilPassed(
  context: CandidateGate,
  { uuid, probe, onWait }: LaunchedCandidate,
): Promise<ProbeProgress & { readonly instance: InstanceItem }> {
  const { healthyWithinMs, signal } = context;
  const now = steadyTime(context.clock);
  const assess = readinessOf(context);
  const settings = probeSettings(context.gate);
  const beganMs = now();
  let progress = notProbed();
  let restarts = 0;
  let last: { readonly instance: InstanceItem | undefined; readonly reason: string } | undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const instance = await observe(context, uuid, now() - beganMs);
      const readiness = instance === undefined ? NOT_LISTED : assess(instance);
      if (instance !== undefined && readiness.outcome === "failed")
        throw guestStoppedError(
          instance,
          readiness.reason,
          context.client.metro,
          await context.reportConsole(instance),
        );
      if (instance !== undefined && readiness.outcome === "met") {
        if (!context.isNew(instance)) throw wrongImageError(instance);
        if (instance.restart_count !== undefined && instance.restart_count !== restarts) {
          restarts = instance.restart_count;
          progress = notProbed();
        }
        progress = afterAttempt(progress, await probe(), now() - beganMs, settings);
        if (progress.state === "passed") return { ...progress, instance };
        if (progress.state === "failed") throw await gateError(context, instance, progress);
      }
      const reason = readiness.outcome === "pending" ? readiness.reason : describeProgress(progress, settings);
      last = { instance, reason };
      onWait(reason, instance, progress.attempts);
      if (now() - beganMs > healthyWithinMs) throw await timeoutError(context, last);
      const intervalMs = Math.min(
        settings.intervalMs,
        Math.max(OBSERVE_INTERVAL_MS, beganMs + healthyWithinMs - now()),
      );
      await pause(context, readiness.outcome === "met" ? intervalMs : OBSERVE_INTERVAL_MS);
    }
  } catch (error) {
    if (last === undefined || error !== signal?.reason || !hasTimedOut(signal)) throw error;
    throw await timeoutError(context, last);
  }
}

/** The candidate; `undefined` while a new one is not listed. */
async function observe(context: CallContext, uuid: string, ageMs: number): Promise<InstanceItem | undefined> {
  const response = await context.client.getInstances({ query: { uuid: [uuid] } }, callOptions(context));
  if (response.items[0]?.error === ITEM_CODES.NotFound && ageMs < LISTING_GRACE_MS) return undefined;
  return onlyItem(response, `Reading instance '${uuid}'`);
}

const describeProgress = (
  { reason, successes }: ProbeProgress,
  { successThreshold }: ReturnType<typeof probeSettings>,
): string => reason ?? `it passed ${successes} of ${successThreshold} attempts`;

async function gateError(
  { reportConsole }: CandidateGate,
  instance: InstanceItem,
  { attempts, failures, reason = "" }: ProbeProgress,
): Promise<UnikernelError> {
  const noun = attempts === 1 ? "attempt" : "attempts";
  const count = failures === attempts ? `${attempts} ${noun}` : `${failures} of ${attempts} ${noun}`;
  return new UnikernelError(
    "OPERATION_FAILED",
    `The candidate '${instance.name}' did not pass the gate: ${reason}, after ${count}.`,
    { hint: await reportConsole(instance) },
  );
}

async function timeoutError(
  { healthyWithinMs, reportConsole }: CandidateGate,
  { instance, reason }: { readonly instance: InstanceItem | undefined; readonly reason: string },
): Promise<UnikernelError> {
  const name = instance === undefined ? "" : ` '${instance.name}'`;
  const consoleText = instance === undefined ? "" : ` ${await reportConsole(instance)}`;
  return new UnikernelError(
    "WAIT_TIMEOUT",
    `The candidate${name} did not pass the gate within ${healthyWithinMs / 1000} s: ${reason}.`,
    {
      hint: `It must pass within 'rollout.healthyWithinMs', or within the time limit of one operation ('unikernel:timeouts', 'customTimeouts') if that is shorter.${consoleText}`,
    },
  );
}
