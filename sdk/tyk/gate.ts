/** The readiness of a Tyk gateway. Source: TykTechnologies/tyk, `gateway/health_check.go`. */
import type { RolloutGateArgs } from "../types";
import { isAtLeast, settingError } from "./checks";

/** First version with `/ready`. */
const READY_SINCE = [5, 8, 3] as const;

/** First version whose `/hello` tells what works. Source: Tyk documentation, "Liveness health check". */
const HELLO_SINCE = [2, 9, 3] as const;

/**
 * The gate for a version. `/ready` responds with 503 until Redis is connected and the APIs are loaded. Older versions have only
 * `/hello`, which always responds with 200: its status is `pass` even before the first check, when it has no details, so the detail of
 * Redis must be there and pass.
 *
 * Throws a `RunError` for a text that is no version, and for a version that does not report its health.
 *
 * @param port the gateway's port
 */
export function gateOf(version: string, port: number): RolloutGateArgs {
  if (!isAtLeast(version, HELLO_SINCE))
    throw settingError("version", `must be 2.9.3 or later, which report their health, got '${version}'.`);
  return isAtLeast(version, READY_SINCE)
    ? { path: "/ready", port, match: { "$.status": "pass", "$.description": "Tyk GW Ready" } }
    : { path: "/hello", port, match: { "$.status": "pass", "$.details.redis.status": "pass" } };
}
