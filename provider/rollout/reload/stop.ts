/** How a reload learns that it must end. */
import type { CallContext } from "../../client/callContext";

/** Throws `ROLLOUT_STOPPED` if the reload must end. Call it before each request, with `true` while waiting. */
export type StopCheck = (isWaiting?: boolean) => Promise<void>;

/** What waits for something, and ends as soon as the user wants it to. */
export interface Waiting extends CallContext {
  readonly checkStop: StopCheck;
}

/** Waits between two attempts. Throws as the check does, or the reason of a signal that was aborted. */
export async function pause({ clock, signal, checkStop }: Waiting, ms: number): Promise<void> {
  await checkStop(true);
  await clock.sleep(ms, signal);
}
