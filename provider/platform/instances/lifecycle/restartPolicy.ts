/** The restart policy. Pure. Source: the cloud's documentation of restart policies. */
import type { Timings } from "../../timings";
import { isGuestInitiated, isCrash, type StopFacts } from "./stopReason";

/** Which stops the platform follows with a restart. */
export type RestartPolicy = "never" | "always" | "on-failure";

/** True when the policy restarts an instance that stopped with these facts. */
export function shouldRestart(policy: RestartPolicy, facts: StopFacts): boolean {
  if (policy === "never") return false;
  return policy === "always" ? isGuestInitiated(facts) : isCrash(facts);
}

/** Milliseconds before restart attempt `attempt` (from 1): none, then by default 5 s, 10 s, 20 s, … up to 5 minutes. */
export function restartBackoffMs(
  attempt: number,
  timings: Pick<Timings, "restartBackoffMs" | "restartBackoffMaxMs">,
): number {
  return attempt <= 1 ? 0 : Math.min(timings.restartBackoffMs * 2 ** (attempt - 2), timings.restartBackoffMaxMs);
}
