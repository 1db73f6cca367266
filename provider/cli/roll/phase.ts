/** Where a rollout is, as far as the metro's objects tell: its plan is known to its own process only. Pure. */
import { countOf } from "../../base/formatNumber";
import { countReplicas } from "../../rollout/progress/describe";
import type { MemberStatus } from "./members";

/**
 * - `idle`: no rollout runs, and no replica is left over from another template
 * - `unfinished`: none runs, and the last one has not replaced all replicas
 * - `candidate`: a candidate has to pass the gate in a group of its own
 * - `draining`: replicas finish their connections, or are being stopped
 * - `waiting`: new replicas are not ready yet
 * - `between`: new replicas are ready; they must stay so, or a step of `canary` pauses, before the next one replaces more
 * - `beginningOrEnding`: all replicas have one template and are ready
 */
export type RolloutPhase =
  "idle" | "unfinished" | "candidate" | "draining" | "waiting" | "between" | "beginningOrEnding";

/** What tells the phase. */
export interface RolloutObservation {
  /** True while a rollout holds the lock. */
  readonly isRunning: boolean;
  /** True while there is a group for a candidate. */
  readonly hasCandidate: boolean;
  readonly members: readonly MemberStatus[];
}

/** The phase of a rollout. */
export function phaseOf({ isRunning, hasCandidate, members }: RolloutObservation): RolloutPhase {
  const { others, leaving, waiting } = countPhases(members);
  if (!isRunning) return others > 0 ? "unfinished" : "idle";
  if (hasCandidate) return "candidate";
  if (leaving > 0) return "draining";
  if (waiting > 0) return "waiting";
  return others > 0 ? "between" : "beginningOrEnding";
}

/** A sentence about the phase; empty if there is nothing to say. */
export function describePhase(phase: RolloutPhase, members: readonly MemberStatus[]): string {
  const { others, leaving, waiting } = countPhases(members);
  switch (phase) {
    case "idle":
      return "";
    case "unfinished":
      return `The last one did not replace ${countReplicas(others)}: the next 'pulumi up' does, or restores the others if the program was reverted.`;
    case "candidate":
      return "It waits until a candidate, which gets no connections of the service, has passed the gate.";
    case "draining":
      return `It waits until ${countReplicas(leaving)} ${leaving === 1 ? "has" : "have"} finished the open connections and stopped.`;
    case "waiting":
      return `It waits until ${countOf(waiting, "new replica")} ${waiting === 1 ? "is" : "are"} ready.`;
    case "between":
      return "Its new replicas are ready: it waits until they have stayed so, or for the pause of a step, before it replaces more.";
    case "beginningOrEnding":
      return "All replicas have one template and are ready: it has just begun, or is about to end.";
  }
}

function countPhases(members: readonly MemberStatus[]) {
  const current = members.filter(({ isKept }) => !isKept);
  return {
    others: current.filter(({ isNewest }) => !isNewest).length,
    leaving: current.filter(({ isLeaving }) => isLeaving).length,
    waiting: current.filter(({ isNewest, isReady, isLeaving }) => isNewest && !isReady && !isLeaving).length,
  };
}
