/** How a rollout or a reload waits: it ends as soon as the user wants it to, and a clock that is set back prolongs nothing. */
import type { Clock } from "../base/clock";
import { UnikernelError, errorMessage } from "../base/errors";
import { hasTimedOut } from "../base/timeout";
import type { CallContext } from "../client/callContext";

/** Throws `ROLLOUT_STOPPED` if the operation must end. Call it before each change, with `true` while waiting. */
export type StopCheck = (isWaiting?: boolean) => Promise<void>;

/** What waits for something. */
export interface Waiting extends CallContext {
  readonly checkStop: StopCheck;
}

/** The stop check is called this often at least. Milliseconds. */
const SLICE_MS = 2_000;

/** Waits between two attempts. Throws as the check does, or the reason of a signal that was aborted. */
export async function pause({ clock, signal, checkStop }: Waiting, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= SLICE_MS) {
    await checkStop(true);
    await clock.sleep(Math.min(leftMs, SLICE_MS), signal);
  }
}

/** A clause or a sentence about what stopped a rollout, which changes nothing more then; `undefined` for any other error. Pure. */
export function describeStop(error: unknown, signal: AbortSignal | undefined): string | undefined {
  if (signal?.aborted === true && !hasTimedOut(signal)) return "it was cancelled";
  return UnikernelError.has(error, "ROLLOUT_STOPPED", "ROLLOUT_LOCKED") ? errorMessage(error) : undefined;
}

/** The time for measuring durations, in milliseconds: as the clock has it, but it never goes back. */
export function steadyTime(clock: Pick<Clock, "now">): () => number {
  let latestMs = clock.now();
  let aheadMs = 0;
  return () => {
    const nowMs = clock.now();
    if (nowMs < latestMs) aheadMs += latestMs - nowMs;
    latestMs = nowMs;
    return nowMs + aheadMs;
  };
}
