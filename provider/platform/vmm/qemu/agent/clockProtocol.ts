/** The lines by which the stand-in guest's clock is set. The protocol is described in `provider/image/runtime/initScript.ts`. */

/** What a guest says about its clock. */
export type ClockLine =
  /** It can set its clock, and asks for the time. */
  | { readonly is: "asks" }
  /** It has set its clock to this time, in nanoseconds since 1970. */
  | { readonly is: "set"; readonly timeNs: bigint };

/** What follows an answer: the clock is right, it is set once more to a time that is `leadMs` ahead, or it stays as it is. */
export type ClockStep = { readonly is: "right" | "give-up" } | { readonly is: "again"; readonly leadMs: number };

/** By how much a guest's clock may be off, in milliseconds: half of what it may be off for its users. */
const MAX_ERROR_MS = 25;
/** A guest that is too slow so often is too slow. */
const MAX_ATTEMPTS = 10;

/** What a line says about the guest's clock; `undefined` if it says nothing. */
export function parseClockLine(line: string): ClockLine | undefined {
  const text = line.trim();
  if (text === "clock") return { is: "asks" };
  const set = /^clock-set (\d{1,20})$/.exec(text)?.[1];
  return set === undefined ? undefined : { is: "set", timeNs: BigInt(set) };
}

/** The command that sets a guest's clock. */
export const encodeClockCommand = (timeNs: bigint): string => `clock ${timeNs} now\n`;

/**
 * What follows an answer that came `roundTripMs` after the command, the `attempt`th one (from 1), which was `leadMs` ahead. The guest has
 * set its clock at some moment between the two: so its clock is ahead by at most the lead, and behind by at most the rest.
 */
export function nextClockStep(roundTripMs: number, leadMs: number, attempt: number): ClockStep {
  if (Math.max(leadMs, roundTripMs - leadMs) <= MAX_ERROR_MS) return { is: "right" };
  return attempt < MAX_ATTEMPTS ? { is: "again", leadMs: Math.min(MAX_ERROR_MS, roundTripMs / 2) } : { is: "give-up" };
}
