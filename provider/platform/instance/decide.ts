/** May this request be accepted now? Pure. */
import type { InstanceState } from "../../api/models";

/** What an instance can be asked. `wake` and `sleep` come from the proxy, `restart` from the restart policy. */
export type InstanceRequest = "start" | "stop" | "force-stop" | "delete" | "wake" | "sleep" | "restart";

/** Why a request is denied. */
export type DenyReason = "DELETE_PENDING" | "STOP_PENDING" | "NOT_RUNNING";

/** What becomes of a request. */
export type Decision =
  | { readonly do: "queue" }
  /** Already true, or already on its way: success, and nothing happens. */
  | { readonly do: "ignore" }
  | { readonly do: "deny"; readonly reason: DenyReason };

const QUEUE: Decision = { do: "queue" };
const IGNORE: Decision = { do: "ignore" };
const deny = (reason: DenyReason): Decision => ({ do: "deny", reason });

/**
 * Decides by the state and by the requests that were accepted and not yet acted on.
 *
 * @param restarting the instance is stopped and its restart policy will start it again
 * @param fallingAsleep the stop that is under way ends in standby
 */
export function decide(
  state: InstanceState,
  restarting: boolean,
  pending: ReadonlySet<InstanceRequest>,
  request: InstanceRequest,
  fallingAsleep = false,
): Decision {
  if (pending.has(request)) return IGNORE;
  if (pending.has("delete")) return deny("DELETE_PENDING");
  const startPending = pending.has("start") || pending.has("wake") || pending.has("restart");
  switch (request) {
    case "delete":
      return QUEUE;
    case "start":
      if (pending.has("stop") || pending.has("force-stop")) return deny("STOP_PENDING");
      if (state === "draining" || state === "stopping") return deny("STOP_PENDING");
      return (state === "stopped" || state === "standby") && !startPending ? QUEUE : IGNORE;
    case "wake":
      return state === "standby" && !startPending ? QUEUE : IGNORE;
    case "restart":
      return state === "stopped" && restarting && !startPending ? QUEUE : IGNORE;
    case "stop":
      if (state === "stopping") return fallingAsleep ? QUEUE : IGNORE;
      return state === "stopped" && !startPending && !restarting ? IGNORE : QUEUE;
    case "force-stop":
      return state === "stopped" && !startPending && !restarting ? IGNORE : QUEUE;
    case "sleep":
      return state === "running" ? QUEUE : deny("NOT_RUNNING");
    default:
      return request satisfies never;
  }
}
