/** Decides when a connection of a draining instance may end. Pure. */
import type { DrainLimits } from "./drainCounts";
import type { HttpExchanges } from "./httpExchanges";

/** What is known of a connection. */
export interface ConnectionFacts {
  readonly exchanges: Pick<HttpExchanges, "isHttp" | "isInFlight" | "endsWithConnection">;
  /** Who sent the last bytes. */
  readonly lastFrom: "client" | "instance" | undefined;
  readonly clientEnded: boolean;
  readonly instanceEnded: boolean;
}

/** True once one side has sent everything. */
export const isHalfClosed = ({ clientEnded, instanceEnded }: ConnectionFacts): boolean => clientEnded || instanceEnded;

/**
 * Milliseconds without a byte after which the connection may end; `undefined`: none do. An HTTP exchange is waited for, unless it
 * ends with a connection of which one side has already closed.
 *
 * @param drainIdleMs the limit of a connection that is open in both directions
 */
export function idleLimitMs(
  facts: ConnectionFacts,
  { halfClosedTimeoutMs }: DrainLimits,
  drainIdleMs: number,
): number | undefined {
  const { isHttp, isInFlight, endsWithConnection } = facts.exchanges;
  if (isHalfClosed(facts)) {
    if (isInFlight && !endsWithConnection && !facts.instanceEnded) return undefined;
    if (halfClosedTimeoutMs !== undefined) return halfClosedTimeoutMs;
  }
  if (isInFlight) return undefined;
  return isHttp || facts.lastFrom !== "client" ? drainIdleMs : undefined;
}
