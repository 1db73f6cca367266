/** Whether a start succeeded: the one place that says what it means for an instance to be up. Pure. */
import { describeStop } from "../../client/errors/stopReason";
import { type ConditionResult, assessReadiness } from "../../client/waitForInstance";
import { isCleanExit } from "../../contract/codes";
import type { InstanceItem } from "../../contract/models";
import { type InstanceInputs, deletedOnStop } from "./inputs";

/** What a start is judged by. */
export interface StartExpectation {
  readonly waitFor: InstanceInputs["waitFor"];
  /** Milliseconds. */
  readonly stableForMs: number;
  readonly restartPolicy: InstanceInputs["restartPolicy"];
  /** It must pass its `gate`. */
  readonly hasGate: boolean;
  /** The platform deletes the instance when it stops, so nobody can tell how it ended. */
  readonly isDeletedOnStop: boolean;
  /** `start_count` and `restart_count` before the start: what is reported with the same counts is about an earlier run. */
  readonly before: StartCounts;
}

/** The counters of an instance that tell one run from another. */
export interface StartCounts {
  readonly starts: number;
  readonly restarts: number;
}

/** The counters of an instance that was never started. */
export const NEVER_STARTED: StartCounts = { starts: 0, restarts: 0 };

/** `up`: it runs, or is in standby, and has not failed so far; the caller sees to it that this lasts for `stableForMs`. */
export type StartVerdict = ConditionResult | { readonly outcome: "up" };

/** What the start of an instance with these inputs is judged by. */
export const toStartExpectation = (inputs: InstanceInputs, before: StartCounts): StartExpectation => ({
  waitFor: inputs.waitFor,
  stableForMs: inputs.stableForMs,
  restartPolicy: inputs.restartPolicy,
  hasGate: inputs.gate !== undefined,
  isDeletedOnStop: deletedOnStop(inputs),
  before,
});

/** Milliseconds that a start needs beyond its time limit: the limit is for what may take long, not for what was asked to last. */
export const stableTimeMs = ({ waitFor, stableForMs }: InstanceInputs): number =>
  waitFor === "completed" ? 0 : stableForMs;

/** So many restarts of one start are a crash loop: the pauses between further attempts only grow. */
const CRASH_LOOP_RESTARTS = 2;

const restartsSince = ({ restart, restart_count: count }: InstanceItem, before: StartCounts): number =>
  Math.max(restart?.attempt ?? 0, count === undefined ? 0 : count - before.restarts);

/**
 * Milliseconds for which the program of a stopped instance ran, by the platform's own times: from the start, without the boot, to the
 * stop. `undefined` if it never came to run, or if the platform does not report it.
 */
export function ranForMs(item: InstanceItem): number | undefined {
  const { started_at: startedAt = "", stopped_at: stoppedAt = "", boot_time_us: bootTimeUs } = item;
  if (bootTimeUs === 0) return undefined;
  const ms = Date.parse(stoppedAt) - Date.parse(startedAt) - (bootTimeUs ?? 0) / 1000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/**
 * Judges an instance by what the platform reports of it. The verdict on a run that has ended depends on nothing but that run: it is the
 * same whenever it is looked at.
 */
export function judgeStart(item: InstanceItem, expected: StartExpectation): StartVerdict {
  const { before } = expected;
  switch (item.state) {
    case "running":
    case "standby":
      return judgeUp(item, expected);
    case "stopped":
      if (item.start_count !== undefined && item.start_count <= before.starts) return NOT_STARTED;
      return expected.isDeletedOnStop ? judgeVanished(expected) : judgeStopped(item, expected);
    case "deleted":
      return expected.isDeletedOnStop
        ? judgeVanished(expected)
        : { outcome: "failed", reason: "it was deleted by somebody else" };
    case "template":
    case "checkpoint":
      return { outcome: "failed", reason: `it was turned into a ${item.state}` };
    default:
      return { outcome: "pending", reason: `its state is '${item.state ?? "unknown"}'` };
  }
}

const MET: ConditionResult = { outcome: "met" };
const NOT_STARTED: ConditionResult = { outcome: "pending", reason: "it has not been started yet" };

function judgeUp(item: InstanceItem, { waitFor, hasGate }: StartExpectation): StartVerdict {
  const readiness = hasGate || waitFor === "answering" ? assessReadiness(item) : MET;
  switch (waitFor) {
    case "running":
    case "answering":
      return readiness.outcome === "met" ? { outcome: "up" } : readiness;
    case "completed":
      return { outcome: "pending", reason: 'its program still runs, and waitFor is "completed"' };
    default:
      return waitFor satisfies never;
  }
}

function judgeStopped(item: InstanceItem, expected: StartExpectation): StartVerdict {
  const { waitFor, stableForMs, restartPolicy, before } = expected;
  if (waitFor === "running" && (ranForMs(item) ?? -1) >= stableForMs) return { outcome: "met" };
  const reason = describeStop(item);
  // A successor that ends once is not let near the addresses: its predecessor still does its work.
  if (item.addresses === "awaited") return { outcome: "failed", reason };
  if (item.restart != null) {
    const restarts = restartsSince(item, before);
    // A job with restarts is retried for as long as the time limit allows.
    return waitFor !== "completed" && restarts >= CRASH_LOOP_RESTARTS
      ? { outcome: "failed", reason: `${reason}, again after ${restarts} restarts` }
      : { outcome: "pending", reason: `${reason}; it is being restarted (attempt ${restarts})` };
  }
  const mayEnd = waitFor === "completed" || (waitFor === "running" && restartPolicy === "never");
  return mayEnd && isCleanExit(item) ? { outcome: "met" } : { outcome: "failed", reason };
}

/**
 * The verdict on an instance that its stop has deleted, or will in a moment. The API does not tell how it ended, so that whoever asked
 * for the deletion of a program that ends gets it; a program that has to answer has not.
 */
export const judgeVanished = ({ waitFor }: StartExpectation): ConditionResult =>
  waitFor === "answering"
    ? { outcome: "failed", reason: 'it ended before its ports answered, and the feature "delete-on-stop" deleted it' }
    : { outcome: "met" };
