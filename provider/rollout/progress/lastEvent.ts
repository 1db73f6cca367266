/** Makes the end of a rollout the last event, where something surrounds the rollout. */
import { errorMessage } from "../../base/errors";
import { END_PHASES, type RolloutEvent } from "../events";

const ENDS: readonly string[] = END_PHASES;

/** Receives the events of a rollout. */
type Receiver = (event: RolloutEvent) => void;

/**
 * Runs what surrounds a rollout, which reports to the receiver that it is given. The rollout's end is passed on afterwards; as a failure,
 * if the rollout is done and what surrounds it throws.
 */
export async function withEndLast<T>(onEvent: Receiver, run: (onEvent: Receiver) => Promise<T>): Promise<T> {
  const ends: RolloutEvent[] = [];
  const receive: Receiver = (event) => {
    if (event.member === undefined && ENDS.includes(event.phase)) ends.push(event);
    else onEvent(event);
  };
  try {
    const result = await run(receive);
    for (const end of ends) onEvent(end);
    return result;
  } catch (error) {
    for (const { operation = "rollout", ...end } of ends)
      onEvent(
        end.phase === "done"
          ? { phase: "failed", operation, detail: errorMessage(error), elapsedMs: end.elapsedMs }
          : { ...end, operation },
      );
    throw error;
  }
}
