/** The part of an instance's state that decides about requests, and the errors of denied requests. */
import { ApiItemError } from "../../errors";
import type { InstanceMachine } from "./machine";
import type { DenyReason, ActorState } from "./decideRequest";

/** The part of an instance's state that {@link decideRequest} needs. */
export function actorStateOf(machine: InstanceMachine): ActorState {
  const { state, restart, stopAskedBy, addressesLost = false } = machine.record.status;
  return {
    state,
    restartPending: restart?.nextAt !== undefined,
    goingToStandby: state === "stopping" && stopAskedBy === "scale-to-zero",
    suspending: state === "draining" && stopAskedBy === "suspend",
    suspended: state === "stopped" && machine.isPaused,
    addressesLost,
  };
}

const DENY_MESSAGES: Readonly<Record<DenyReason, string>> = {
  DELETE_PENDING: "is being deleted",
  STOP_PENDING: "is being stopped; wait until it is stopped",
  NOT_RUNNING: "is not running",
  ADDRESSES_LOST: "has lost its addresses to another instance and never runs again; delete it",
  NEVER_RUNS: "is a template or checkpoint, which never runs",
};

/** The error `FailedWrongVmState` of a denied request. */
export const toDenyError = (name: string, reason: DenyReason): ApiItemError =>
  new ApiItemError("FailedWrongVmState", `Instance '${name}' ${DENY_MESSAGES[reason]}`);
