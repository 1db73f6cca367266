/** Which of the requests of one history fail, and how. */
import { FAULTS, type Fault } from "../../support/faultyProxy";

/** So many requests of each hundred fail by themselves; an outage begins with each of so many. */
const FAULT_RATE = 0.2;
const OUTAGE_RATE = 0.01;
const OUTAGE_REQUESTS = 14;

/** So many histories of each hundred are steady: see {@link faultsFrom}. */
export const STEADY_RATE = 0.5;
/** So many of a steady history's requests in a row fail at most. */
const STEADY_IN_A_ROW = 2;
/** A steady connection loses and garbles, with an API behind it that does not fail itself: nothing repeats what was answered 500. */
const STEADY_FAULTS = FAULTS.filter((fault) => !fault.startsWith("http500"));

/**
 * A sequence of faults: single ones, and outages in which nothing passes. On a steady connection there are no outages, and after
 * {@link STEADY_IN_A_ROW} faults the next request passes.
 */
export function faultsFrom(random: () => number, isSteady: boolean): () => Fault | undefined {
  let left = 0;
  let inARow = 0;
  const next = (): Fault | undefined => {
    if (!isSteady && left === 0 && random() < OUTAGE_RATE) left = OUTAGE_REQUESTS;
    if (left > 0) {
      left--;
      // The first one of an outage may still be acted on.
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
