/** Settings of a rolling update. */

/** An HTTP health check, in addition to the readiness that the metro reports. */
export interface HealthCheck {
  /** Path and query to request from the service, such as `/hello`. */
  readonly path: string;
  /** JSON paths (`$.status`, `$.checks[0].ok`) and the values they must have in the response body; empty for any body. */
  readonly match: Readonly<Record<string, unknown>>;
}

/** Limits of a rollout. */
export interface RolloutPolicy {
  /** Number of serving instances at the end. */
  readonly desired: number;
  /** Number of extra instances allowed during the rollout. */
  readonly maxSurge: number;
  /** Number of unavailable instances allowed during the rollout. */
  readonly maxUnavailable: number;
  /** How long a new instance must stay ready without a restart before it counts as serving. Milliseconds. */
  readonly stableForMs: number;
  /** A new instance that is not ready within this time fails the rollout. Milliseconds. */
  readonly healthyWithinMs: number;
  /** How long open connections of an old instance may take to finish. Milliseconds; -1 means as long as the metro allows. */
  readonly drainTimeoutMs: number;
  /** `undefined`: no health check. */
  readonly health: HealthCheck | undefined;
}
