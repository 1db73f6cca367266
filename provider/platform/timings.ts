/** Every interval of the platform, in one place so that tests can shrink them. */

/** Milliseconds throughout. */
export interface Timings {
  /** Without instances, services, volumes and requests for this long, the daemon removes what is its own and exits. */
  readonly idleExitMs: number;
  /** Pause between two readiness probes of a starting instance. */
  readonly probeEveryMs: number;
  /** One probe; short, since a probe sent too early is answered only after seconds. */
  readonly probeTimeoutMs: number;
  /** How long a connection waits for a starting instance. */
  readonly holdMs: number;
  /** How long a connection to a VM may take. */
  readonly connectMs: number;
  /** Quiet time after which a connection of a draining instance counts as idle and is closed. */
  readonly drainIdleMs: number;
  /** How long a guest may take to end by itself when stopped. */
  readonly stopGraceMs: number;
  /** First pause of the restart back-off; doubles from attempt to attempt. */
  readonly restartPauseMs: number;
  /** Longest pause of the restart back-off. */
  readonly restartPauseMaxMs: number;
  /** Running this long ends a restart sequence. */
  readonly healthyMs: number;
  /** Pause between two looks of autoscale at a service group. */
  readonly autoscaleEveryMs: number;
  /** Pause between two looks at the sizes of console logs. */
  readonly consoleCheckMs: number;
  /** How long a request's line and headers may take to arrive. */
  readonly headersMs: number;
  /** How long a whole request may take to arrive. */
  readonly requestMs: number;
  /** How long the daemon waits for open requests and connections when it is told to end. */
  readonly closeGraceMs: number;
}

/** The values of a daemon in use. Restart intervals as the cloud documents them. */
export const TIMINGS: Timings = {
  idleExitMs: 10_000,
  probeEveryMs: 20,
  probeTimeoutMs: 1_200,
  holdMs: 60_000,
  connectMs: 5_000,
  drainIdleMs: 1_000,
  stopGraceMs: 10_000,
  restartPauseMs: 5_000,
  restartPauseMaxMs: 300_000,
  healthyMs: 10_000,
  autoscaleEveryMs: 500,
  consoleCheckMs: 2_000,
  headersMs: 10_000,
  requestMs: 60_000,
  closeGraceMs: 2_000,
};
