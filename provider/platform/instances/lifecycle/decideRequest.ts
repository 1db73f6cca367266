/** May this request be accepted now? Pure. */
import type { InstanceState } from "../../../contract/models";

/**
 * What an instance can be asked. `freeze` turns it into a template. `wake` and `sleep` come from the proxy, `restart`
 * from the restart policy.
 */
export type InstanceRequest =
  "start" | "stop" | "force-stop" | "suspend" | "convert-to-template" | "delete" | "wake" | "sleep" | "restart";

/** Why a request is denied. */
export type DenyReason = "DELETE_PENDING" | "STOP_PENDING" | "NOT_RUNNING" | "NEVER_RUNS";

/** What becomes of a request. */
export type Decision =
  | { readonly do: "queue" }
  /** Already true, or already on its way: success, and nothing happens. */
  | { readonly do: "ignore" }
  | { readonly do: "deny"; readonly reason: DenyReason };

/** How an instance stands. */
export interface ActorState {
  readonly state: InstanceState;
  /** It is stopped and its restart policy will start it again. */
  readonly restartPending?: boolean;
  /** The stop that is under way ends in standby. */
  readonly goingToStandby?: boolean;
  /** It is draining, and will then be suspended. */
  readonly suspending?: boolean;
  /** It is stopped, and its VM is frozen in memory. */
  readonly suspended?: boolean;
}

const QUEUE: Decision = { do: "queue" };
const IGNORE: Decision = { do: "ignore" };
const deny = (reason: DenyReason): Decision => ({ do: "deny", reason });

/** Decides by how the instance stands and by the requests that were accepted and not yet acted on. */
export function decideRequest(
  actorState: ActorState,
  pending: ReadonlySet<InstanceRequest>,
  request: InstanceRequest,
): Decision {
  const { state, restartPending = false } = actorState;
  if (pending.has(request)) return IGNORE;
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
    default:
      return request satisfies never;
  }
}
