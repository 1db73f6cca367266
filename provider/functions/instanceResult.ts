/** An instance in function results: all reported properties except possible secrets (environment, ROMs, plugins). Pure. */
import * as z from "zod";
import { mapOf } from "../base/mapSchema";
import type { InstanceItem } from "../contract/models";
import { describeStop, describeStopCode } from "../client/errors/stopReason";
import { field, objectType } from "../definition/resource";
import { withoutMarks } from "../resources/common/ownershipMark";
import { digestIn } from "../resources/workload/request";
import { fromWire } from "./fromWire";

const restartInfo = objectType(
  "InstanceRestart",
  "Progress of repeated restarts by the restart policy.",
  z.object({
    attempt: field(z.int(), { description: "Number of the attempt, from 1." }),
    nextAt: field(z.string().optional(), { description: "Time of the next attempt, RFC 3339." }),
  }),
);

const scaleToZeroInfo = objectType(
  "ScaleToZeroInfo",
  "When an instance goes to standby, as the API reports it.",
  z.object({
    enabled: field(z.boolean().optional(), { description: "True if the instance may go to standby." }),
    policy: field(z.string().optional(), { description: "`on`, `idle` or `off`." }),
    stateful: field(z.boolean().optional(), { description: "True if the memory is kept during standby." }),
    cooldownTimeMs: field(z.int().optional(), { description: "Cooldown time before standby, in milliseconds." }),
    notifyTimeMs: field(z.int().optional(), {
      description: "How long before standby the guest is warned, in milliseconds.",
    }),
  }),
);

const serviceInfo = objectType(
  "InstanceServiceInfo",
  "The service of an instance.",
  z.object({
    uuid: field(z.string(), { description: "UUID." }),
    name: field(z.string(), { description: "Name." }),
    fqdns: field(z.array(z.string()), { description: "Domain names, without a trailing dot." }),
  }),
);

const mountedVolume = objectType(
  "MountedVolume",
  "A volume mounted in an instance.",
  z.object({
    uuid: field(z.string(), { description: "UUID." }),
    name: field(z.string(), { description: "Name." }),
    at: field(z.string(), { description: "Path in the guest." }),
    readonly: field(z.boolean().default(false), { description: "True if it is mounted read-only." }),
  }),
);

const networkInterfaceInfo = objectType(
  "NetworkInterfaceInfo",
  "A network interface of an instance, as the API reports it.",
  z.object({
    uuid: field(z.string().optional(), { description: "UUID." }),
    name: field(z.string().optional(), { description: "Name." }),
    privateIp: field(z.string().optional(), { description: "IP address in the private network." }),
    mac: field(z.string().optional(), { description: "MAC address." }),
  }),
);

const updateInfo = objectType(
  "InstanceUpdate",
  "A change that is applied at the next stop, or failed at the last one.",
  z.object({
    property: field(z.string(), { description: "Name of the property in the API." }),
    status: field(z.string(), { description: "`pending` or `failed`." }),
    error: field(z.string().optional(), { description: "Reason of the failure; absent while pending." }),
  }),
);

/** Fields of an instance in a result. */
export const instanceResultFields = {
  uuid: field(z.string(), { description: "UUID." }),
  name: field(z.string(), { description: "Name." }),
  state: field(z.string(), { description: "State, such as `running`, `standby` or `stopped`." }),
  type: field(z.string().optional(), { description: "`micro` or `full`." }),
  image: field(z.string().default(""), { description: "Reference of the running image, with its digest." }),
  digest: field(z.string(), { description: "Digest of the running image; empty if the API does not report it." }),
  args: field(z.array(z.string()).default([]), { description: "Argument list of the program." }),
  memoryMb: field(z.int().optional(), { description: "Memory in MiB." }),
  vcpus: field(z.int().optional(), { description: "Number of virtual CPUs." }),
  restartPolicy: field(z.string().optional(), { description: "`never`, `always` or `on-failure`." }),
  restart: field(restartInfo.optional(), {
    description: "Progress of repeated restarts; absent unless the restart policy is restarting the instance.",
  }),
  scaleToZero: field(scaleToZeroInfo.optional(), { description: "When the instance goes to standby." }),
  createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
  startedAt: field(z.string().optional(), {
    description: "Time of the last start, RFC 3339; absent before the first.",
  }),
  stoppedAt: field(z.string().optional(), { description: "Time of the last stop, RFC 3339; absent before the first." }),
  retainedUntil: field(z.string().optional(), {
    description: "End of the retention of a deleted instance, RFC 3339; absent unless it was deleted.",
  }),
  startCount: field(z.int().optional(), { description: "Number of starts." }),
  restartCount: field(z.int().optional(), { description: "Number of restarts by the restart policy." }),
  uptimeMs: field(z.number().optional(), { description: "Total running time over all starts, in milliseconds." }),
  bootTimeUs: field(z.number().optional(), {
    description: "Time from the last start until the program ran, in microseconds.",
  }),
  netTimeUs: field(z.number().optional(), {
    description: "Time from the last start until the program listened on a port, in microseconds.",
  }),
  stopReason: field(z.string().optional(), {
    description: "Reason of the stop, as a sentence; absent unless stopped.",
  }),
  stopCode: field(z.string().optional(), {
    description: "Details of the stop, such as `page fault, out of memory`; absent unless stopped.",
  }),
  exitCode: field(z.int().optional(), { description: "Exit code of the program; absent unless it exited by itself." }),
  service: field(serviceInfo.optional(), { description: "Service of the instance; absent if it has none." }),
  volumes: field(z.array(mountedVolume).default([]), { description: "Mounted volumes." }),
  networkInterfaces: field(z.array(networkInterfaceInfo).default([]), { description: "Network interfaces." }),
  privateIp: field(z.string().optional(), { description: "Address in the metro's private network." }),
  privateFqdn: field(z.string().optional(), { description: "Name in the metro's private network." }),
  schedPriority: field(z.string().optional(), { description: "Scheduling priority of the virtual CPUs." }),
  tags: field(z.array(z.string()).default([]), { description: "Tags." }),
  annotations: field(mapOf(z.string(), z.string()).default({}), { description: "Annotations by key." }),
  deleteLock: field(z.boolean().default(false), { description: "True if the instance is locked against deletion." }),
  updates: field(z.array(updateInfo), {
    description: "Changes that are applied at the next stop, or failed at the last one.",
  }),
};
const instanceResult = z.object(instanceResultFields);

/** Reason and details of the stop; empty unless stopped. The API still reports them after a restart, when they are outdated. */
function stopFields(item: InstanceItem): Partial<z.output<typeof instanceResult>> {
  const { state, stop_reason = 0, stop_code } = item;
  if (state !== "stopped" || stop_reason === 0) return {};
  return {
    stopReason: describeStop(item),
    ...(stop_code === undefined ? {} : { stopCode: describeStopCode(stop_code) }),
  };
}

/** The result for an instance as the API reports it. */
export function toInstanceResult(item: InstanceItem): z.output<typeof instanceResult> {
  const { service_group: group, updates } = item;
  return fromWire(instanceResult, item, {
    digest: digestIn(item.image ?? "") ?? "",
    state: item.state ?? "",
    tags: withoutMarks(item.tags ?? []),
    ...{ stopReason: undefined, stopCode: undefined, ...stopFields(item) },
    updates: (updates ?? []).map(({ prop, status, error }) => ({ property: prop, status, error })),
    ...(group == null
      ? {}
      : {
          service: {
            uuid: group.uuid,
            name: group.name,
            fqdns: (group.domains ?? []).map(({ fqdn }) => fqdn.replace(/\.$/, "")),
          },
        }),
  });
}
