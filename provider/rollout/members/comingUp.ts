/** Whether an old member that is not ready is still on its way: it starts, or wakes for connections that wait for it. Pure. */
import { DEFAULT_HOLD_TIMEOUT_MS, type InstanceItem } from "../../contract/models";

/** How long a start may take, of a member that no connection woke or that is in a metro which does not say. Milliseconds. */
const START_MS = 10_000;

/**
 * How long the member may take. A metro that knows rotations holds the connections that wake a member for its hold timeout: to stop it
 * earlier would cut them off, and after that none is left.
 */
function limitMs({ rotation, scale_to_zero, readiness_probe }: InstanceItem): number {
  if (rotation === undefined || scale_to_zero?.enabled !== true) return START_MS;
  return readiness_probe?.hold_timeout_ms ?? DEFAULT_HOLD_TIMEOUT_MS;
}

/** When it was started or woken last, in Unix milliseconds; undefined if it has not begun to run, or in a metro with another clock. */
function startedAtMs({ rotation, state, started_at }: InstanceItem): number | undefined {
  const isKnown = rotation !== undefined && state === "running" && started_at !== undefined;
  const ms = isKnown ? Date.parse(started_at) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * True for a member that may become ready soon.
 *
 * @param seen.pendingMs for how long this rollout has seen it pending; it may have been so before
 */
export function isComingUp(
  instance: InstanceItem,
  { pendingMs, nowMs }: { readonly pendingMs: number; readonly nowMs: number },
): boolean {
  const sinceMs = startedAtMs(instance);
  const ageMs = sinceMs === undefined ? pendingMs : Math.max(pendingMs, nowMs - sinceMs);
  return ageMs <= limitMs(instance);
}
