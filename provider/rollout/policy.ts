/** Settings of a rollout. */
import type { ReadinessProbe } from "../contract/models";

/**
 * How members are replaced.
 * - `rolling`: some at a time, within `maxSurge` and `maxUnavailable`
 * - `blueGreen`: a complete second set, out of rotation until all of it is ready; then one cut-over
 * - `canary`: as `rolling`, in steps with a pause after each
 * - `recreate`: all old members go first
 * - `inPlace`: each member is stopped, changed and started again
 */
export type RolloutStrategy = "rolling" | "blueGreen" | "canary" | "recreate" | "inPlace";

/** What happens when a new member fails. */
export type FailureAction = "rollback" | "pause" | "keepBoth";

/** A step of a canary rollout. */
export interface CanaryStep {
  /** Number of new members that serve at the end of the step. */
  readonly count: number;
  /** How long they must keep serving before the next step. Milliseconds. */
  readonly pauseMs: number;
}

/** Limits of a rollout, resolved to numbers of members. */
export interface RolloutPolicy {
  readonly strategy: RolloutStrategy;
  /** Number of serving members at the end. */
  readonly desired: number;
  /** Number of extra members allowed during the rollout. `blueGreen`: `desired`; `recreate` and `inPlace`: 0. */
  readonly maxSurge: number;
  /** Number of unavailable members allowed during the rollout. `recreate`: all. */
  readonly maxUnavailable: number;
  /** Steps of `canary`, with increasing counts below `desired`; empty for other strategies. */
  readonly steps: readonly CanaryStep[];
  /** `blueGreen`: how long the old members are kept, stopped, after the cut-over. Milliseconds; 0 deletes them at once. */
  readonly keepOldForMs: number;
  /** How long a new member must stay ready without a restart before it counts as serving. Milliseconds. */
  readonly stableForMs: number;
  /** A new member that is not ready within this time fails the rollout. Milliseconds. */
  readonly healthyWithinMs: number;
  /** How long open connections of an old member may take to finish. Milliseconds; -1 means as long as the metro allows. */
  readonly drainTimeoutMs: number;
  /**
   * How long a half-closed connection of an old member may pass no byte before it stops counting, unless an HTTP response is missing.
   * Milliseconds; `undefined`: no limit of its own. Metros without the feature `rotation` have no such limit.
   */
  readonly halfClosedTimeoutMs?: number;
  readonly onFailure: FailureAction;
  /** What a member must pass before it counts as ready; `undefined`: its ports accept connections. */
  readonly gate: ReadinessProbe | undefined;
  /** A member counts as ready once it runs, whether or not its ports accept connections; there is no gate then. */
  readonly readyOnceRunning?: boolean;
}
