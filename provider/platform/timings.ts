/** Every interval of the platform, in one place so that tests can shrink them. */

/** Milliseconds throughout. */
export interface Timings {
  /** Without instances, services, volumes and requests for this long, the daemon removes what is its own and exits. */
  readonly idleExitMs: number;
  /** Pause between two readiness probes of a starting instance. */
  readonly probeIntervalMs: number;
  /** One probe; short, since a probe sent too early is answered only after seconds. */
  readonly probeTimeoutMs: number;
  /** How long a connection waits for a starting instance. */
  readonly connectionWaitMs: number;
  /** How long a connection to a VM may take. */
  readonly connectTimeoutMs: number;
  /** Quiet time after which a connection of a draining instance counts as idle and is closed. */
  readonly drainIdleMs: number;
  /** How long a guest may take to end by itself when stopped. */
  readonly stopGraceMs: number;
  /** First pause of the restart back-off; doubles from attempt to attempt. */
  readonly restartBackoffMs: number;
  /** Longest pause of the restart back-off. */
  readonly restartBackoffMaxMs: number;
  /** Running this long ends a restart sequence. */
  readonly healthyAfterMs: number;
  /** Pause between two looks of autoscale at a service group. */
  readonly autoscaleIntervalMs: number;
  /** Pause between two looks at the sizes of console logs. */
  readonly consoleCheckIntervalMs: number;
  /** How long a request's line and headers may take to arrive. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** How long the daemon waits for open requests and connections when it is told to end. */
  readonly closeGraceMs: number;
}

/** The values of a daemon in use. Restart intervals as the cloud documents them. */
export const DEFAULT_TIMINGS: Timings = {
  idleExitMs: 10_000,
  probeIntervalMs: 20,
  probeTimeoutMs: 1_200,
  connectionWaitMs: 60_000,
  connectTimeoutMs: 5_000,
  drainIdleMs: 1_000,
  stopGraceMs: 10_000,
  restartBackoffMs: 5_000,
  restartBackoffMaxMs: 300_000,
  healthyAfterMs: 10_000,
  autoscaleIntervalMs: 500,
  consoleCheckIntervalMs: 2_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  closeGraceMs: 2_000,
};
