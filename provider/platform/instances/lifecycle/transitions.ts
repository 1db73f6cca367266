/**
 * The status changes of a start and a stop, and the state in the rotation. Pure.
 *
 * The state machine of an instance. One arrow per line: from each state marked `o` or `p` to the state at the arrowhead,
 * on the request or event on the left. `p`: at this end of the arrow the VM is paused, its memory kept.
 *
 * ```text
 *                       stopped  starting running  draining stopping standby  template checkpoint deleted
 * start, restart        o-------->        .        .        .        .        .        .          .
 * start                 p----------------->        .        .        .        .        .          .
 * start, wake           .        <-----------------------------------o        .        .          .
 * start, wake           .        .        <--------------------------p        .        .          .
 * start fails           <--------o        .        .        .        .        .        .          .
 * started               .        o-------->        .        .        .        .        .          .
 * stop, force-stop      p--------o--------o--------o-------->        .        .        .          .
 * stop, force-stop      <--------o-----------------------------------o        .        .          .
 * stop, suspend         .        .        o-------->        .        .        .        .          .
 * stop, force-stop      .        .        .        .        <--------p        .        .          .
 * suspend               <p----------------o        .        .        .        .        .          .
 * suspend, sleep        .        .        o-------------------------p>        .        .          .
 * sleep                 .        .        o----------------->        .        .        .          .
 * drained, adopted      .        .        .        o-------->        .        .        .          .
 * drained, adopted      <p-------------------------o        .        .        .        .          .
 * drained, adopted      .        .        .        o----------------p>        .        .          .
 * exited                <--------o--------o--------o--------o        .        .        .          .
 * exited                o----------------------------------------------------->        .          .
 * exited                .        o----------------------------------->        .        .          .
 * exited                .        .        .        .        o-------->        .        .          .
 * convert-to-template   <--------o        .        .        .        .        .        .          .
 * convert-to-template   p--------o--------o--------o-------->        .        .        .          .
 * convert-to-template   .        .        .        .        <--------p        .        .          .
 * convert-to-template   o--------------------------------------------o-------->        .          .
 * delete                <--------o        .        .        .        .        .        .          .
 * delete                o--------o--------o--------o--------o--------o--------o--------o---------->
 * delete fails          <--------o--------o--------o--------o--------o        .        .          .
 * ```
 *
 * - Requests: `wake` comes from the proxy, `sleep` from the cooldown timer, `restart` from the restart policy, the others
 *   from the API.
 * - Events: `started`: the guest's program runs. `exited`: the VM is gone. `drained`: connections have closed, or the drain
 *   timeout has passed. `adopted`: a new daemon adopted the VM. `start fails`, `delete fails`: an error; the delete is
 *   retried.
 * - A stop or suspend drains if it has a drain timeout and the instance has a service. A suspended instance is in standby
 *   if it scales to zero, else stopped. Without `stateful`, `sleep` stops the VM, whose exit leads to standby.
 * - `starting` has no VM while it waits for dependencies: a stop, conversion or delete then leads to stopped at once. A
 *   conversion otherwise waits for the exit. Deletes are drawn with `o`, whether or not a VM is paused.
 * - `capture` changes no state: the VM stands still while its memory is copied for a checkpoint or a branch. A conversion keeps the memory
 *   of a guest that can be cloned, and then ends it without a shutdown.
 * - A new instance is stopped, a new checkpoint in checkpoint. `deleted` is never stored: the instance is gone.
 */
import type { Candidate } from "../../proxy/rotation/chooseInstance";
import type { InstanceDefinition, InstanceStatus } from "../../store/instances";
import type { Timings } from "../../timings";
import type { StatusChange } from "../statusChanges";
import { restartBackoffMs, shouldRestart } from "./restartPolicy";
import type { StopFacts } from "./stopReason";

/** The status change of a boot at `now` (Unix milliseconds). Clears everything that reports the previous stop. */
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
  stopNotice: undefined,
  stopAskedBy: undefined,
  stopForced: false,
  snapshotUuid: undefined,
  becomesTemplate: undefined,
});

/** The status change of a VM exit, and the restart that follows it. */
export interface EndTransition {
  readonly change: StatusChange;
  /** Milliseconds until the restart policy starts the instance again; `undefined`: it does not. */
  readonly restartDelayMs: number | undefined;
}

/** The transition of a VM that exited at `now` (Unix milliseconds); `uptimeMs` is the total of all sessions. */
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

/** The state of an instance in its service's rotation. Never `ready`: only a successful probe sets that. */
export function rotationStateOf(status: InstanceStatus): Candidate["state"] {
  if (status.state === "standby") return "standby";
  const isStarting = status.state === "starting" || status.state === "running" || status.restart?.nextAt !== undefined;
  const goesToStandby = status.state === "stopping" && status.stopAskedBy === "scale-to-zero";
  if (isStarting || goesToStandby) return "starting";
  const wasAskedTo = status.stopAskedBy === "user" && status.stopForced !== true;
  return status.state === "draining" || (status.state === "stopping" && wasAskedTo) ? "leaving" : "out";
}
