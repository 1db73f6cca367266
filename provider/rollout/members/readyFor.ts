/** For how long a member that is ready has been so, by what the metro reports. Pure. */
import type { InstanceItem } from "../../contract/models";

const ageMs = (time: string | undefined, nowMs: number): number => {
  const ms = time === undefined ? NaN : nowMs - Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
};

/**
 * The time in milliseconds, a lower bound: 0 if the metro does not tell.
 *
 * Only the local platform, which reports the rotation of members, has the clock of this machine. The uptime of others bounds what a
 * clock that is wrong makes of the start, unless it counts earlier starts as well.
 */
export function readyForMs(instance: InstanceItem, nowMs: number): number {
  const { rotation, state, started_at, uptime_ms, restart_count = 0, net_time_us = 0 } = instance;
  const isSameClock = rotation !== undefined;
  // One in standby was ready before, and a probe has no result then.
  if (instance.readiness_probe != null && state !== "standby") return ageMs(instance.readiness?.passed_at, nowMs);
  if (!isSameClock && (uptime_ms === undefined || restart_count > 0)) return 0;
  const upMs = Math.min(ageMs(started_at, nowMs), isSameClock ? Infinity : (uptime_ms ?? 0));
  return Math.max(0, upMs - net_time_us / 1000);
}
