/** Which of the requests of one history fail, and how. */
import { FAULTS, type Fault } from "../../support/faultyProxy";

/** Shares of requests that fail by themselves and that start an outage. */
const FAULT_RATE = 0.2;
const OUTAGE_RATE = 0.01;
const OUTAGE_REQUESTS = 14;

/** Share of steady histories: see {@link faultsFrom}. */
export const STEADY_RATE = 0.5;
/** Most consecutive faults of a steady history. */
const STEADY_IN_A_ROW = 2;
/** A steady connection loses and corrupts responses, but its API never fails: an HTTP 500 is not retried. */
const STEADY_FAULTS = FAULTS.filter((fault) => !fault.startsWith("http500"));

/**
 * A sequence of faults: single ones, and outages in which nothing passes. A steady connection has no outages, and after
 * {@link STEADY_IN_A_ROW} faults the next request passes.
 */
export function faultsFrom(random: () => number, isSteady: boolean): () => Fault | undefined {
  let left = 0;
  let inARow = 0;
  const next = (): Fault | undefined => {
    if (!isSteady && left === 0 && random() < OUTAGE_RATE) left = OUTAGE_REQUESTS;
    if (left > 0) {
      left--;
      // The server may still act on the first request of an outage.
      return left === OUTAGE_REQUESTS - 1 ? "resetAfter" : "resetBefore";
    }
    if (isSteady && inARow === STEADY_IN_A_ROW) return undefined;
    const all = isSteady ? STEADY_FAULTS : FAULTS;
    return random() < FAULT_RATE ? all[Math.floor(random() * all.length)] : undefined;
  };
  return () => {
    const fault = next();
    inARow = fault === undefined ? 0 : inARow + 1;
    return fault;
  };
}
