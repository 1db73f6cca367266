/** How a rolling update proceeds. */

/** What counts as healthy beyond "runs and listens". */
export interface HealthCheck {
  /** Path and query asked of the service, such as `/hello`. */
  readonly path: string;
  /** JSON paths (`$.status`, `$.checks[0].ok`) and the values they must have in the answer's body. */
  readonly match: Readonly<Record<string, unknown>>;
}

/** Limits of a roll. */
export interface RolloutPolicy {
  /** Instances that serve at the end. */
  readonly desired: number;
  /** Extra instances allowed while rolling. */
  readonly maxSurge: number;
  /** Missing instances allowed while rolling. */
  readonly maxUnavailable: number;
  /** A new instance must have answered for so long, without a restart, before it counts. Milliseconds. */
  readonly stableForMs: number;
  /** A new instance that does not answer within this time is given up. Milliseconds. */
  readonly healthyWithinMs: number;
  /** Open connections of an old instance get so long to finish. Milliseconds. */
  readonly drainTimeoutMs: number;
  readonly health: HealthCheck | undefined;
}
