/** Decides whether an instance accepts a request. Pure. */
import type { InstanceState } from "../../../contract/models";

/**
 * A request to an instance. `wake` comes from the proxy, `sleep` (go to standby) from the cooldown timer, `save` (of a paused VM) and
 * `pause` (again, after a failure) from another timer, `restart` from the restart policy; the others come from the API. `capture` copies the memory for another instance.
 */
export type InstanceRequest =
  | "start"
  | "stop"
  | "force-stop"
  | "suspend"
  | "convert-to-template"
  | "capture"
  | "delete"
  | "wake"
  | "sleep"
  | "pause"
  | "save"
  | "restart";

/** Why a request is denied. */
export type DenyReason = "DELETE_PENDING" | "STOP_PENDING" | "NOT_RUNNING" | "NEVER_RUNS" | "ADDRESSES_LOST";

/** What happens to a request. */
export type Decision =
  | { readonly do: "queue" }
  /** The instance is already in the requested state, or on its way there: the request succeeds and does nothing. */
  | { readonly do: "ignore" }
  | { readonly do: "deny"; readonly reason: DenyReason };

/** The part of an instance's state that decides about requests. */
export interface ActorState {
  readonly state: InstanceState;
  /** The instance is stopped and its restart policy will start it again. */
  readonly restartPending?: boolean;
  /** The instance is stopping and will then be in standby. */
  readonly goingToStandby?: boolean;
  /** The instance is draining and will then be suspended. */
  readonly suspending?: boolean;
  /** The instance is stopped and its paused VM is kept in memory. */
  readonly suspended?: boolean;
  /** Another instance has taken its addresses. */
  readonly addressesLost?: boolean;
}

const QUEUE: Decision = { do: "queue" };
const IGNORE: Decision = { do: "ignore" };
const deny = (reason: DenyReason): Decision => ({ do: "deny", reason });

/** Decides from the instance's state and from `pending`, the requests that are accepted but not yet begun. */
export function decideRequest(
  actorState: ActorState,
  pending: ReadonlySet<InstanceRequest>,
  request: InstanceRequest,
): Decision {
  const { state, restartPending = false } = actorState;
  if (pending.has(request) && request !== "capture") return IGNORE;
  if (pending.has("delete")) return deny("DELETE_PENDING");
  const startPending = pending.has("start") || pending.has("wake") || pending.has("restart");
  const stopPending = pending.has("stop") || pending.has("force-stop") || pending.has("convert-to-template");
  const ending = state === "draining" || state === "stopping";
  const isDown = state === "stopped" && !startPending && !restartPending;
  const isTemplateOrCheckpoint = state === "template" || state === "checkpoint";
  switch (request) {
    case "delete":
      return QUEUE;
    case "convert-to-template":
      if (isTemplateOrCheckpoint) return state === "template" ? IGNORE : deny("NEVER_RUNS");
      return QUEUE;
    case "start":
      if (isTemplateOrCheckpoint) return deny("NEVER_RUNS");
      if (actorState.addressesLost === true) return deny("ADDRESSES_LOST");
      if (stopPending || ending) return deny("STOP_PENDING");
      return (state === "stopped" || state === "standby") && !startPending ? QUEUE : IGNORE;
    case "wake":
      return state === "standby" && !startPending && !stopPending ? QUEUE : IGNORE;
    case "restart":
      return state === "stopped" && restartPending && !startPending ? QUEUE : IGNORE;
    case "stop":
      if (isTemplateOrCheckpoint) return deny("NEVER_RUNS");
      if (state === "stopping") return actorState.goingToStandby === true ? QUEUE : IGNORE;
      return isDown && actorState.suspended !== true ? IGNORE : QUEUE;
    case "force-stop":
      if (isTemplateOrCheckpoint) return deny("NEVER_RUNS");
      return isDown && actorState.suspended !== true ? IGNORE : QUEUE;
    case "suspend":
      if (isTemplateOrCheckpoint) return deny("NEVER_RUNS");
      if (actorState.suspending === true || actorState.goingToStandby === true) return IGNORE;
      if (stopPending || ending) return deny("STOP_PENDING");
      if (isDown || (state === "standby" && !startPending)) return IGNORE;
      return state === "running" ? QUEUE : deny("NOT_RUNNING");
    case "sleep":
      return state === "running" ? QUEUE : deny("NOT_RUNNING");
    case "capture":
      if (stopPending || ending) return deny("STOP_PENDING");
      return state === "running" || state === "standby" ? QUEUE : deny("NOT_RUNNING");
    case "pause":
      return state === "standby" || actorState.suspended === true ? QUEUE : IGNORE;
    case "save":
      return state === "standby" && pending.size === 0 ? QUEUE : IGNORE;
    default:
      return request satisfies never;
  }
}
