/** Counts the attempts of a readiness probe, from a start of the instance on. Pure. */
import type { ReadinessProbe } from "../models/readinessProbe";

/** A probe's numbers, with defaults applied. Milliseconds. */
export interface ProbeSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Successes in a row that pass. */
  readonly successThreshold: number;
  /** Failures in a row that fail; 0: it never fails. */
  readonly failureThreshold: number;
  /** Time after the start in which failures do not count. */
  readonly startPeriodMs: number;
}

/** The numbers of a probe. The defaults are those of `readinessProbe`. */
export const probeSettings = (probe: ReadinessProbe): ProbeSettings => ({
  intervalMs: probe.interval_ms ?? 1_000,
  timeoutMs: probe.timeout_ms ?? 5_000,
  successThreshold: probe.success_threshold ?? 1,
  failureThreshold: probe.failure_threshold ?? 0,
  startPeriodMs: probe.start_period_ms ?? 0,
});

/** The result of all attempts so far. */
export interface ProbeProgress {
  readonly state: "waiting" | "passed" | "failed";
  /** Attempts since the start. */
  readonly attempts: number;
  /** Successes in a row, up to now. */
  readonly successes: number;
  /** Failures in a row that count, up to now. */
  readonly failures: number;
  /** Why the last attempt failed; `undefined` after a success. */
  readonly reason: string | undefined;
  /** When it passed, in Unix milliseconds; absent until then, and where nobody asks. */
  readonly passedAt?: number;
}

/** Before the first attempt. `reason`: what it waits for. */
export const notProbed = (reason?: string): ProbeProgress => ({
  state: "waiting",
  attempts: 0,
  successes: 0,
  failures: 0,
  reason,
});

/**
 * The progress after one more attempt. A success after `failed` counts as any other.
 *
 * @param problem why the attempt failed; `undefined`: it succeeded
 * @param elapsedMs time since the start of the instance
 */
export function afterAttempt(
  before: ProbeProgress,
  problem: string | undefined,
  elapsedMs: number,
  { successThreshold, failureThreshold, startPeriodMs }: ProbeSettings,
): ProbeProgress {
  const attempts = before.attempts + 1;
  if (problem === undefined) {
    const successes = before.successes + 1;
    const state = successes >= successThreshold ? "passed" : before.state;
    return { state, attempts, successes, failures: 0, reason: undefined };
  }
  const failures = elapsedMs < startPeriodMs ? 0 : before.failures + 1;
  const hasFailed = failureThreshold > 0 && failures >= failureThreshold;
  return { state: hasFailed ? "failed" : before.state, attempts, successes: 0, failures, reason: problem };
}
