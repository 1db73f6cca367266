/** Instances, templates and checkpoints that delete themselves when they are of no use any more. Pure. */
import type { InstanceRecord } from "../../store/instances";
import { isTemplateOrCheckpoint } from "../update/templates";

/**
 * When one is to be deleted, in milliseconds since 1970; `undefined`: not as it stands. An instance some time after its
 * stop, or at once when it has handled its requests; a template or checkpoint when none was made from it for some time.
 */
export function autokillAt({ createdAt, definition, status }: InstanceRecord): number | undefined {
  const { state, stoppedAt, restart, lastUsedAt = createdAt } = status;
  if (definition.deleteLock || status.deleting || status.becomesTemplate === true) return undefined;
  if (isTemplateOrCheckpoint(state)) return timeAfter(lastUsedAt, definition.templateAutokillMs);
  if (state !== "stopped" || stoppedAt === undefined || restart !== undefined) return undefined;
  return hasReachedRequestLimit({ definition, status }) ? stoppedAt : timeAfter(stoppedAt, definition.autokill.timeMs);
}

const timeAfter = (time: number, timeMs: number): number | undefined => (timeMs === 0 ? undefined : time + timeMs);

/** True for one that handled as many requests as it may: it is to end when these are answered. */
export function shouldStopForAutokill({ definition, status }: Pick<InstanceRecord, "definition" | "status">): boolean {
  const isUp = status.state === "running" || status.state === "standby";
  return isUp && !definition.deleteLock && !status.deleting && hasReachedRequestLimit({ definition, status });
}

const hasReachedRequestLimit = ({ definition, status }: Pick<InstanceRecord, "definition" | "status">): boolean =>
  definition.autokill.numRequests > 0 && (status.requests ?? 0) >= definition.autokill.numRequests;
