/** Autokill: deletes instances, templates and checkpoints that are no longer used. Pure. */
import type { InstanceRecord } from "../../store/instances";
import { isTemplateOrCheckpoint } from "../update/templates";

/**
 * The time of the delete in Unix milliseconds; `undefined`: none in the current state. An instance is deleted
 * `autokill.timeMs` after its stop, or at once if it has handled its last request; a template or checkpoint
 * `templateAutokillMs` after its last use.
 */
export function autokillAt({ createdAt, definition, status }: InstanceRecord): number | undefined {
  const { state, stoppedAt, restart, lastUsedAt = createdAt } = status;
  if (definition.deleteLock || status.deleting || status.becomesTemplate === true) return undefined;
  if (isTemplateOrCheckpoint(state)) return timeAfter(lastUsedAt, definition.templateAutokillMs);
  if (state !== "stopped" || stoppedAt === undefined || restart !== undefined) return undefined;
  return hasReachedRequestLimit({ definition, status }) ? stoppedAt : timeAfter(stoppedAt, definition.autokill.timeMs);
}

const timeAfter = (time: number, timeMs: number): number | undefined => (timeMs === 0 ? undefined : time + timeMs);

/** True if the instance has reached its number of requests and must stop once it has responded to them. */
export function shouldStopForAutokill({ definition, status }: Pick<InstanceRecord, "definition" | "status">): boolean {
  const isUp = status.state === "running" || status.state === "standby";
  return isUp && !definition.deleteLock && !status.deleting && hasReachedRequestLimit({ definition, status });
}

const hasReachedRequestLimit = ({ definition, status }: Pick<InstanceRecord, "definition" | "status">): boolean =>
  definition.autokill.numRequests > 0 && (status.requests ?? 0) >= definition.autokill.numRequests;
