/** When an instance without traffic goes to standby, and when its program is warned. Pure. */
import type { InstanceDefinition } from "../../../store/instances";
import { DEFAULT_COOLDOWN_MS } from "../../update/rules";

/** Shortest interval between two checks of open connections for idleness, in milliseconds. */
const IDLE_RECHECK_MS = 20;

/** The settings of scale to zero that time it. */
export interface Cooldown {
  readonly policy: "on" | "off" | "idle";
  /** How long an instance has no traffic before standby, in milliseconds. */
  readonly cooldownMs: number;
  /** How long before standby its program is warned, in milliseconds, below `cooldownMs`; 0: not at all. */
  readonly notifyMs: number;
}

/** The traffic of an instance. */
export interface Traffic {
  /** Number of open connections from outside. */
  readonly connections: number;
  /** Milliseconds since one of them carried data; without meaning while there is none. */
  readonly connectionsIdleMs: number;
  /** Milliseconds since another instance used it. */
  readonly networkIdleMs: number;
}

/** The cooldown of an instance, with the defaults of the API. */
export function cooldownOf({ scaleToZero = { policy: "off" } }: Pick<InstanceDefinition, "scaleToZero">): Cooldown {
  const {
    policy = "off",
    cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS,
    notify_time_ms: notifyMs = 0,
  } = scaleToZero;
  return { policy, cooldownMs, notifyMs };
}

/** True if there was no traffic for `idleMs`. With the policy `on`, an open connection is traffic. */
export function isIdleFor(
  idleMs: number,
  policy: Cooldown["policy"],
  { connections, connectionsIdleMs, networkIdleMs }: Traffic,
): boolean {
  if (networkIdleMs < idleMs) return false;
  return connections === 0 || (policy === "idle" && connectionsIdleMs >= idleMs);
}

/**
 * Milliseconds until the next step towards standby: the notice, or standby itself without one. Without connections, the last one
 * has ended just now.
 */
export function nextStepMs(
  { cooldownMs, notifyMs }: Cooldown,
  { connections, connectionsIdleMs }: Pick<Traffic, "connections" | "connectionsIdleMs">,
): number {
  const quietMs = cooldownMs - notifyMs;
  return connections === 0 ? quietMs : Math.max(IDLE_RECHECK_MS, quietMs - connectionsIdleMs);
}
