/** All intervals of the local platform in one place, so that tests can shorten them. */
import { DEFAULT_HOLD_TIMEOUT_MS } from "../contract/models";

/** Intervals in milliseconds. */
export interface Timings {
  /** The daemon deletes its files and exits after this long without objects and requests. */
  readonly idleExitMs: number;
  /** Pause between two readiness probes of a starting instance. */
  readonly probeIntervalMs: number;
  /** Limit of one readiness probe. Short, because QEMU takes seconds to complete a probe that was sent too early. */
  readonly probeTimeoutMs: number;
  /** How long a client's connection waits for an instance before it is closed. */
  readonly connectionWaitMs: number;
  /** How long connecting to a VM may take. */
  readonly connectTimeoutMs: number;
  /** A connection of a draining instance is closed after this long without a byte. */
  readonly drainIdleMs: number;
  /** How long a guest may take to shut down before it is killed. */
  readonly stopGraceMs: number;
  /** A sleeping VM stays in memory for this long before it is saved to the disk. */
  readonly saveAfterMs: number;
  /** First pause of the restart back-off; doubles with every attempt. */
  readonly restartBackoffMs: number;
  /** Longest pause of the restart back-off. */
  readonly restartBackoffMaxMs: number;
  /** An instance that runs this long resets the back-off. */
  readonly healthyAfterMs: number;
  /** Interval at which autoscale checks a service group. */
  readonly autoscaleIntervalMs: number;
  /** Interval at which the sizes of console logs are checked. */
  readonly consoleCheckIntervalMs: number;
  /** How long a request's line and headers may take to arrive. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** How long an instance may take to respond to an HTTP request, from the last byte that it got. */
  readonly responseTimeoutMs: number;
  /** How long a client may take to send the next bytes of an HTTP request's body. */
  readonly uploadIdleMs: number;
  /** How long a client's HTTP connection stays open between two requests, or without a byte once the client has closed its side. */
  readonly clientKeepAliveMs: number;
  /** How long the daemon waits for open requests and connections when it shuts down. */
  readonly closeGraceMs: number;
}

/** The values in production. Source of the restart back-off: the cloud's documentation. */
export const DEFAULT_TIMINGS: Timings = {
  idleExitMs: 10_000,
  probeIntervalMs: 20,
  probeTimeoutMs: 1_200,
  connectionWaitMs: DEFAULT_HOLD_TIMEOUT_MS,
  connectTimeoutMs: 5_000,
  drainIdleMs: 1_000,
  stopGraceMs: 10_000,
  saveAfterMs: 10_000,
  restartBackoffMs: 5_000,
  restartBackoffMaxMs: 300_000,
  healthyAfterMs: 10_000,
  autoscaleIntervalMs: 500,
  consoleCheckIntervalMs: 2_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  responseTimeoutMs: 300_000,
  uploadIdleMs: 60_000,
  clientKeepAliveMs: 60_000,
  closeGraceMs: 2_000,
};
