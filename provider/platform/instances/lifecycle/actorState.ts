/** How an instance stands, and in which words a request is denied. */
import { Refusal } from "../../errors";
import type { InstanceCore } from "./machine";
import type { DenyReason, Standing } from "./acceptRequest";

/** What a request is decided by. */
export function standingOf(core: InstanceCore): Standing {
  const { state, restart, stopAskedBy } = core.record.status;
  return {
    state,
    restarting: restart?.nextAt !== undefined,
    fallingAsleep: state === "stopping" && stopAskedBy === "scale-to-zero",
    suspending: state === "draining" && stopAskedBy === "suspend",
    suspended: state === "stopped" && core.isFrozen,
  };
}

const DENIED: Readonly<Record<DenyReason, string>> = {
  DELETE_PENDING: "is being deleted",
  STOP_PENDING: "is being stopped; wait until it is stopped",
  NOT_RUNNING: "is not running",
  NEVER_RUNS: "is a template or checkpoint, which never runs",
};

/** The refusal of a request that is denied. */
export const denial = (name: string, reason: DenyReason): Refusal =>
  new Refusal("FailedWrongVmState", `Instance '${name}' ${DENIED[reason]}`);
