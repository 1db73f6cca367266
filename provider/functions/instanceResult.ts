/** What functions tell of an instance: all that the API reports, but for what may be secret (environment, ROMs, plugins). */
import * as z from "zod";
import type { InstanceItem } from "../contract/models";
import { describeStop, describeStopCode } from "../client/errors/stopReason";
import { field, objectType } from "../definition/resource";
import { digestIn } from "../resources/workload/request";
import { fromWire } from "./fromWire";

const restartInfo = objectType(
  "InstanceRestart",
  "How far restarting an instance has got.",
  z.object({
    attempt: field(z.int(), { description: "Number of the attempt, from 1." }),
    nextAt: field(z.string().optional(), { description: "Time of the next attempt, RFC 3339." }),
  }),
);

const scaleToZeroInfo = objectType(
  "ScaleToZeroInfo",
  "When an instance goes to standby, as it is reported.",
  z.object({
    enabled: field(z.boolean().optional(), { description: "It may go to standby." }),
    policy: field(z.string().optional(), { description: "`on`, `idle` or `off`." }),
    stateful: field(z.boolean().optional(), { description: "The guest's memory is kept across standby." }),
    cooldownTimeMs: field(z.int().optional(), { description: "Idle time before standby, in milliseconds." }),
    notifyTimeMs: field(z.int().optional(), {
      description: "The guest is warned so many milliseconds before standby.",
    }),
  }),
);

const serviceInfo = objectType(
  "InstanceServiceInfo",
  "The service that an instance is in.",
  z.object({
    uuid: field(z.string(), { description: "UUID." }),
    name: field(z.string(), { description: "Name." }),
    fqdns: field(z.array(z.string()), { description: "Domain names, without a dot at the end." }),
  }),
);

const mountedVolume = objectType(
  "MountedVolume",
  "A volume that an instance has mounted.",
  z.object({
    uuid: field(z.string(), { description: "UUID." }),
    name: field(z.string(), { description: "Name." }),
    at: field(z.string(), { description: "Path in the guest." }),
    readonly: field(z.boolean().default(false), { description: "The guest cannot write to it." }),
  }),
);

const networkInterfaceInfo = objectType(
  "NetworkInterfaceInfo",
  "A network interface of an instance, as it is reported.",
  z.object({
    uuid: field(z.string().optional(), { description: "UUID." }),
    name: field(z.string().optional(), { description: "Name." }),
    privateIp: field(z.string().optional(), { description: "Its address." }),
    mac: field(z.string().optional(), { description: "Its hardware address." }),
  }),
);

const updateInfo = objectType(
  "InstanceUpdate",
  "A change that waits for the next stop, or failed at the last one.",
  z.object({
    property: field(z.string(), { description: "Property, as the API calls it." }),
    status: field(z.string(), { description: "`pending` or `failed`." }),
    error: field(z.string().optional(), { description: "Why it failed." }),
  }),
);

/** The members of a result. */
export const instanceResultFields = {
  uuid: field(z.string(), { description: "UUID." }),
  name: field(z.string(), { description: "Name." }),
  state: field(z.string(), { description: "State, such as `running`, `standby` or `stopped`." }),
  type: field(z.string().optional(), { description: "`micro` or `full`." }),
  image: field(z.string().default(""), { description: "The image that runs, with its digest." }),
  digest: field(z.string(), { description: "Digest of the image that runs; empty when it is not reported." }),
  args: field(z.array(z.string()).default([]), { description: "Arguments of its program." }),
  memoryMb: field(z.int().optional(), { description: "Guest memory in MiB." }),
  vcpus: field(z.int().optional(), { description: "Virtual CPUs." }),
  restartPolicy: field(z.string().optional(), { description: "`never`, `always` or `on-failure`." }),
  restart: field(restartInfo.optional(), {
    description: "How far restarting it has got; absent unless the restart policy is at it.",
  }),
  scaleToZero: field(scaleToZeroInfo.optional(), { description: "When it goes to standby." }),
  createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
  startedAt: field(z.string().optional(), {
    description: "Time of the last start, RFC 3339; absent before the first.",
  }),
  stoppedAt: field(z.string().optional(), { description: "Time of the last stop, RFC 3339; absent before the first." }),
  retainedUntil: field(z.string().optional(), {
    description: "Until when it is kept after it was deleted, RFC 3339; absent unless it was.",
  }),
  startCount: field(z.int().optional(), { description: "Starts so far." }),
  restartCount: field(z.int().optional(), { description: "Restarts by the restart policy so far." }),
  uptimeMs: field(z.number().optional(), { description: "Milliseconds of running, over all starts." }),
  bootTimeUs: field(z.number().optional(), {
    description: "Microseconds from the start until the guest's program ran.",
  }),
  netTimeUs: field(z.number().optional(), { description: "Microseconds from the start until the program listened." }),
  stopReason: field(z.string().optional(), { description: "Why it stopped, as a sentence; absent while it is up." }),
  stopCode: field(z.string().optional(), {
    description: "How it stopped, such as `page fault, out of memory`; absent while it is up.",
  }),
  exitCode: field(z.int().optional(), { description: "Exit code of the program, after it exited." }),
  service: field(serviceInfo.optional(), { description: "The service it is in." }),
  volumes: field(z.array(mountedVolume).default([]), { description: "The volumes it has mounted." }),
  networkInterfaces: field(z.array(networkInterfaceInfo).default([]), { description: "Its network interfaces." }),
  privateIp: field(z.string().optional(), { description: "Address in the metro's private network." }),
  privateFqdn: field(z.string().optional(), { description: "Name in the metro's private network." }),
  schedPriority: field(z.string().optional(), { description: "Priority of its virtual CPUs." }),
  tags: field(z.array(z.string()).default([]), { description: "Tags." }),
  annotations: field(z.record(z.string(), z.string()).default({}), { description: "Annotations by key." }),
  deleteLock: field(z.boolean().default(false), { description: "Deletion is refused." }),
  updates: field(z.array(updateInfo), {
    description: "Changes that wait for the next stop, or failed at the last one.",
  }),
};
const instanceResult = z.object(instanceResultFields);

/** Why and how it stopped; the API goes on reporting that of an instance that runs again. */
function stopFields(item: InstanceItem): Partial<z.output<typeof instanceResult>> {
  const { state, stop_reason = 0, stop_code } = item;
  if (state !== "stopped" || stop_reason === 0) return {};
  return {
    stopReason: describeStop(item),
    ...(stop_code === undefined ? {} : { stopCode: describeStopCode(stop_code) }),
  };
}

/** What is told of an item. */
export function toInstanceResult(item: InstanceItem): z.output<typeof instanceResult> {
  const { service_group: group, updates } = item;
  return fromWire(instanceResult, item, {
    digest: digestIn(item.image ?? "") ?? "",
    state: item.state ?? "",
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
