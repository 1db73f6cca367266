/** What a start and an end make of an instance's status, and its place in the rotation. Pure. */
import type { Candidate } from "../../proxy/chooseInstance";
import type { InstanceDefinition, InstanceStatus } from "../../store/instances";
import type { Timings } from "../../timings";
import type { StatusChange } from "../statusChanges";
import { restartBackoffMs, shouldRestart } from "./restartPolicy";
import type { StopFacts } from "./stopReason";

/** A new life begins at `now`; nothing is left of how the last one ended. */
export const startTransition = (status: InstanceStatus, isRestart: boolean, now: number): StatusChange => ({
  state: "starting",
  startCount: status.startCount + 1,
  restartCount: status.restartCount + (isRestart ? 1 : 0),
  restart: isRestart && status.restart !== undefined ? { attempt: status.restart.attempt } : undefined,
  startedAt: now,
  bootTimeUs: undefined,
  netTimeUs: undefined,
  stopReason: undefined,
  stopCode: undefined,
  exitCode: undefined,
  stopAskedBy: undefined,
  stopForced: false,
  snapshotUuid: undefined,
  becomesTemplate: undefined,
});

/** What becomes of an instance whose VM is gone. */
export interface EndTransition {
  readonly change: StatusChange;
  /** Milliseconds until its restart policy starts it again. */
  readonly restartDelayMs: number | undefined;
}

/** The VM is gone at `now`; `uptimeMs` sums up all runs. */
export function endTransition(
  status: InstanceStatus,
  definition: Pick<InstanceDefinition, "restartPolicy">,
  facts: StopFacts,
  { now, uptimeMs, timings }: { readonly now: number; readonly uptimeMs: number; readonly timings: Timings },
): EndTransition {
  const toStandby = status.stopAskedBy === "scale-to-zero";
  const again = !status.deleting && !toStandby && shouldRestart(definition.restartPolicy, facts);
  const attempt = again ? (status.restart?.attempt ?? 0) + 1 : 0;
  const pauseMs = restartBackoffMs(attempt, timings);
  return {
    change: {
      state: toStandby ? "standby" : "stopped",
      stoppedAt: now,
      uptimeMs,
      ...facts,
      snapshotUuid: undefined,
      restart: again ? { attempt, nextAt: now + pauseMs } : undefined,
    },
    restartDelayMs: again ? pauseMs : undefined,
  };
}

/** Where a status puts an instance in its service's rotation; `ready` is set by an answer alone. */
export function rotationStateOf(status: InstanceStatus): Candidate["state"] {
  if (status.state === "standby") return "standby";
  const isStarting = status.state === "starting" || status.state === "running" || status.restart?.nextAt !== undefined;
  const goesToStandby = status.state === "stopping" && status.stopAskedBy === "scale-to-zero";
  return isStarting || goesToStandby ? "starting" : "out";
}
