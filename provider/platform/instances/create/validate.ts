/** Validates a create request before any name is looked up. Pure. Source: the cloud's documentation. */
import { assertInRange } from "../../quota/quotaLimits";
import type { ItemCodeName } from "../../../contract/codes";
import type { CreateInstanceRequest } from "../../../contract/models";

import type { Quotas } from "../../quota/quotaSettings";

import { ApiItemError, RequestError } from "../../errors";
import { assertValidInterfaces } from "./networkInterfaces";
import { assertRequestLimitsOrdered } from "../../services/rules";
import { assertMountPath } from "../../volumes/rules";
import { checkDeleteOnStop, checkScaleToZero, checkSchedules, firstDuplicate } from "../update/rules";

/** The possible sources of an instance, each with the end of the message if a request sets another source too. */
const SOURCES = [
  ["branch_from", "when 'branch_from' is set"],
  ["template", "when creating an instance from a template"],
  ["checkpoint", "when 'checkpoint' is set"],
  ["image", "when 'image' is set"],
] as const;
/** Members that a branch inherits and a request may not set. */
const BRANCH_INHERITS = ["args", "env", "memory_mb", "vcpus"] as const;
/** Members that are unknown to accounts without a special permission. */
const UNKNOWN_MEMBERS = ["gateway", "nameserver"] as const;
/** Members that describe a new service group. */
const NEW_GROUP_MEMBERS = ["services", "domains", "soft_limit", "hard_limit"] as const;
const NEW_VOLUME_MEMBERS = [
  "quota_policy",
  "filesystem",
  "tags",
  "uid",
  "gid",
  "access_mode",
  "args",
  "host_path",
] as const;

/**
 * Rejects the whole request: throws {@link RequestError} 400 for members that exclude each other (`NotBoth`), for missing
 * members (`MissingId` if one of several is needed) and for members that need a special permission (`Unknown`).
 */
export function assertWellFormedCreate(body: CreateInstanceRequest): void {
  const unknown = UNKNOWN_MEMBERS.find((field) => body[field] !== undefined);
  if (unknown !== undefined) throw requestError("Unknown", `Unknown member '${unknown}'`);
  const [first, second] = SOURCES.filter(([field]) => body[field] !== undefined);
  if (first === undefined)
    throw requestError("MissingId", "'image' is missing in instance creation arguments; expected 'string'");
  // This message names the template last, as the cloud's does.
  if (body.template !== undefined && body.branch_from !== undefined)
    throw requestError("NotBoth", "Cannot specify 'branch_from' when creating an instance from a template");
  if (second !== undefined) throw requestError("NotBoth", `Cannot specify '${second[0]}' ${first[1]}`);
  const branched = body.branch_from && BRANCH_INHERITS.find((field) => body[field] !== undefined);
  if (branched) throw requestError("NotBoth", `Cannot specify '${branched}' when branching from an existing instance`);
  for (const volume of body.volumes ?? []) assertReferenceOrNewVolume(volume);
  assertReferenceOrNewGroup(body.service_group);
}

const requestError = (code: ItemCodeName, message: string): RequestError => new RequestError(400, message, code);

function assertReferenceOrNewVolume(volume: NonNullable<CreateInstanceRequest["volumes"]>[number]): void {
  const exists = volume.uuid !== undefined || volume.name !== undefined;
  if (exists && (volume.size_mb !== undefined || NEW_VOLUME_MEMBERS.some((field) => volume[field] !== undefined)))
    throw requestError(
      "NotBoth",
      "Either a reference to an existing volume or the description of a new volume can be provided",
    );
}

function assertReferenceOrNewGroup(group: CreateInstanceRequest["service_group"]): void {
  if (group === undefined) return;
  const described = NEW_GROUP_MEMBERS.some((field) => group[field] !== undefined);
  if (described && group.uuid !== undefined)
    throw requestError(
      "NotBoth",
      "Either a reference to an existing service group or the description of a new one can be provided",
    );
  if (described && group.services === undefined)
    throw requestError("MalformedRequest", "'service_group.services' is missing");
  assertRequestLimitsOrdered(group);
}

/**
 * Rejects the item: throws `Invalid` for values that are out of range or contradict each other, `NotSupported` and
 * `NotAllowed` for features that the local platform does not have.
 */
export function assertValidCreate(body: CreateInstanceRequest, limits: Quotas["limits"]): void {
  assertSupported(body);
  if (body.memory_mb !== undefined)
    assertInRange("memory_mb", body.memory_mb, limits.min_memory_mb, limits.max_memory_mb);
  if (body.vcpus !== undefined) assertInRange("vcpus", body.vcpus, limits.min_vcpus, limits.max_vcpus);
  const deleteOnStop = body.features?.includes("delete-on-stop") ?? false;
  checkDeleteOnStop({ deleteOnStop, restartPolicy: body.restart_policy ?? "never" });
  checkScaleToZero({ scaleToZero: body.scale_to_zero, deleteOnStop }, body.service_group !== undefined);
  checkSchedules(body.schedules ?? []);
  if (waitTimeoutS(body) !== 0 && body.autostart !== true)
    throw new ApiItemError("Invalid", "'timeout_s' needs 'autostart'");
  const places = (body.volumes ?? []).map(({ at }) => at);
  places.forEach(assertMountPath);
  const twice = firstDuplicate(places);
  if (twice !== undefined)
    throw new ApiItemError("Invalid", `Two volumes cannot be mounted at the same path '${twice}'`);
  const written = (body.volumes ?? []).find(({ size_mb, readonly }) => size_mb === undefined && readonly !== true);
  if (written !== undefined && (body.replicas ?? 0) > 0)
    throw new ApiItemError("Invalid", `Replicas can share the volume at '${written.at}' only with 'readonly'`);
}

function assertSupported(body: CreateInstanceRequest): void {
  const { type, gpus, plugins, sched_priority, network_interfaces: interfaces = [] } = body;
  const unsupported = (what: string): ApiItemError =>
    new ApiItemError("NotSupported", `The local platform does not support ${what}`);
  if (type === "full") throw unsupported("'type' 'full', only 'micro'");
  if (gpus !== undefined && gpus > 0) throw unsupported("'gpus'");
  if (plugins !== undefined && plugins.length > 0) throw unsupported("'plugins'");
  assertValidInterfaces(interfaces);
  if (sched_priority !== undefined && sched_priority !== "normal")
    throw new ApiItemError("NotAllowed", "'sched_priority' is for privileged accounts");
}

/**
 * Seconds that a create or start waits: -1 without a limit, 0 not at all. The older `wait_timeout_ms` is rounded up.
 */
export function waitTimeoutS(body: Pick<CreateInstanceRequest, "timeout_s" | "wait_timeout_ms">): number {
  const { timeout_s, wait_timeout_ms = 0 } = body;
  return timeout_s ?? (wait_timeout_ms < 0 ? -1 : Math.ceil(wait_timeout_ms / 1000));
}
