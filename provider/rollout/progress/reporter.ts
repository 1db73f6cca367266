/** Reports a rollout: a line for people, and the same event for programs. */
import type { RolloutEvent } from "../events";
import { formatEvent } from "./line";

/** A member that waits is reported when nothing was said of it for this long. */
export const WAIT_REPORT_MS = 30_000;

/** Where the events go. */
export interface ProgressOptions {
  /** Name of the service. */
  readonly service: string;
  /** Prints a line. */
  readonly print: (line: string) => void;
  /** True prints a line only when the member's phase has changed: logs of CI are kept, and nobody watches them. */
  readonly isCompact: boolean;
  /** Receives each event that is reported. Default: nothing is called. */
  readonly record?: (event: RolloutEvent) => void;
}

/**
 * Returns the receiver of a rollout's events. Of the events `waiting`, which may come with every observation, it passes on the first one
 * after each start that has a failed attempt of the gate, and one per member and 30 s without another event.
 */
export function createProgressReporter({
  service,
  print,
  isCompact,
  record,
}: ProgressOptions): (event: RolloutEvent) => void {
  const reportedMs = new Map<string | undefined, number>();
  const printedPhase = new Map<string | undefined, string>();
  const failing = new Set<string | undefined>();
  const isDue = ({ member, phase, attempts = 0, elapsedMs }: RolloutEvent): boolean => {
    if (phase === "launched" || phase === "restarting") failing.delete(member);
    if (phase !== "waiting") return true;
    const isFirstFailure = attempts > 0 && !failing.has(member);
    if (isFirstFailure) failing.add(member);
    return isFirstFailure || elapsedMs - (reportedMs.get(member) ?? 0) >= WAIT_REPORT_MS;
  };
  return (event) => {
    const { member, phase, elapsedMs } = event;
    if (!isDue(event)) return;
    reportedMs.set(member, elapsedMs);
    record?.(event);
    if (isCompact && printedPhase.get(member) === phase) return;
    printedPhase.set(member, phase);
    print(formatEvent(service, event));
  };
}
