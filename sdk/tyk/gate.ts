/** The readiness of a Tyk gateway. Source: TykTechnologies/tyk, `gateway/health_check.go`. */
import type { RolloutGateArgs } from "../types";
import { settingError } from "./checks";

/** First version with `/ready`. */
const READY_SINCE = [5, 8, 3] as const;

/** True if the version is at least the other one. */
function isAtLeast(version: readonly number[], other: readonly number[]): boolean {
  const index = other.findIndex((part, at) => (version[at] ?? 0) !== part);
  return index < 0 || (version[index] ?? 0) > (other[index] ?? 0);
}

/**
 * The gate for a version. `/ready` responds with 503 until Redis is connected and the APIs are loaded. Older versions have only
 * `/hello`, which always responds with 200: its status is `pass` even before the first check, when it has no details, so the detail of
 * Redis must be there and pass.
 *
 * Throws a `RunError` for a text that is no version.
 *
 * @param port the gateway's port
 */
export function gateOf(version: string, port: number): RolloutGateArgs {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) throw settingError("version", `must be a version such as '5.8.3', got '${version}'.`);
  return isAtLeast(parts, READY_SINCE)
    ? { path: "/ready", port, match: { "$.status": "pass", "$.description": "Tyk GW Ready" } }
    : { path: "/hello", port, match: { "$.status": "pass", "$.details.redis.status": "pass" } };
}
