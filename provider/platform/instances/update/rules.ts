/** Rules that creates and changes of instances share. Pure. */
import { MAX_SCHEDULES, type Schedule } from "../../../contract/models";
import { ApiItemError } from "../../errors";
import type { InstanceDefinition } from "../../store/instances";
import { parseCalendar } from "../schedule/calendar";

/** Default of `cooldown_time_ms`: idle milliseconds before standby. */
export const DEFAULT_COOLDOWN_MS = 1_000;

/**
 * Scale to zero needs a service whose connections wake the instance, excludes `delete-on-stop`, and needs a notice time below
 * the cooldown. Throws `Invalid`.
 */
export function checkScaleToZero(
  { scaleToZero, deleteOnStop }: Pick<InstanceDefinition, "scaleToZero" | "deleteOnStop">,
  hasService: boolean,
): void {
  if (scaleToZero === undefined || scaleToZero.policy === "off") return;
  const { notify_time_ms: notifyMs = 0, cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = scaleToZero;
  if (!hasService)
    throw new ApiItemError(
      "Invalid",
      "'scale_to_zero' needs a 'service_group': only its connections can wake the instance",
    );
  if (deleteOnStop)
    throw new ApiItemError("Invalid", "'scale_to_zero' cannot be combined with the feature 'delete-on-stop'");
  if (notifyMs > 0 && notifyMs >= cooldownMs) {
    const why = `'scale_to_zero.notify_time_ms' (${notifyMs}) must be below 'cooldown_time_ms' (${cooldownMs})`;
    throw new ApiItemError("Invalid", why);
  }
}

/**
 * A readiness probe decides when an instance gets the connections of its service, or addresses that it takes over from another one. A
 * rotation is of a service. Throws `Invalid`.
 */
export function checkServiceMember(
  {
    readinessProbe,
    rotation,
    networkInterfaces = [],
  }: Pick<InstanceDefinition, "readinessProbe" | "rotation" | "networkInterfaces">,
  hasService: boolean,
): void {
  if (hasService) return;
  const mayTakeOver = networkInterfaces.length > 0 && networkInterfaces.every(({ ip }) => ip !== undefined);
  if (readinessProbe !== undefined && !mayTakeOver)
    throw new ApiItemError(
      "Invalid",
      "'readiness_probe' needs a 'service_group' or 'ip' in all 'network_interfaces': it decides when its connections, or its addresses, reach the instance",
    );
  if (readinessProbe !== undefined && readinessProbe.http === undefined && readinessProbe.tcp === undefined)
    throw new ApiItemError("Invalid", "'readiness_probe' needs 'http' or 'tcp' without the ports of a 'service_group'");
  if (rotation === "out")
    throw new ApiItemError("Invalid", "'rotation' needs a 'service_group', which the instance can be out of");
}

/**
 * `delete-on-stop` excludes restart policies, because the deleted instance could not be restarted. Throws `Invalid`.
 */
export function checkDeleteOnStop({
  deleteOnStop,
  restartPolicy,
}: Pick<InstanceDefinition, "deleteOnStop" | "restartPolicy">): void {
  if (!deleteOnStop || restartPolicy === "never") return;
  const message = `The feature 'delete-on-stop' cannot be combined with the restart policy '${restartPolicy}'`;
  throw new ApiItemError("Invalid", message);
}

/**
 * Throws `Invalid` unless names are unique, times are valid and only `exec` has arguments; `TooMany`; and `NotSupported` for
 * actions that the local platform does not support.
 */
export function checkSchedules(schedules: readonly Schedule[]): void {
  if (schedules.length > MAX_SCHEDULES) {
    const why = `with these it would have ${schedules.length}`;
    throw new ApiItemError("TooMany", `An instance has at most ${MAX_SCHEDULES} schedules; ${why}`);
  }
  const twice = firstDuplicate(schedules.map(({ name }) => name));
  if (twice !== undefined) throw new ApiItemError("Invalid", `Two schedules are called '${twice}'`);
  for (const { name, when, action, args } of schedules) {
    parseCalendar(when);
    if (action === "exec" && (args === undefined || args.length === 0))
      throw new ApiItemError("Invalid", `Schedule '${name}' needs 'args': the command to execute`);
    if (action !== "exec" && args !== undefined)
      throw new ApiItemError("Invalid", `Schedule '${name}' has 'args', which only 'exec' takes`);
    if (action === "checkpoint")
      throw new ApiItemError(
        "NotSupported",
        `Schedule '${name}': the local platform does not support scheduled '${action}'`,
      );
  }
}

/** The first text that occurs more than once; `undefined` if all are unique. */
export function firstDuplicate(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) return text;
    seen.add(text);
  }
  return undefined;
}
