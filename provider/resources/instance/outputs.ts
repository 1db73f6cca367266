/** Outputs of an Instance. Pure. */
import * as z from "zod";
import type { InstanceItem } from "../../contract/models";
import { describeStop, describeStopCode } from "../../client/errors/stopReason";
import { omitUndefined } from "../../base/objects";
import { field, objectType } from "../../definition/resource";
import { imageDefaultsField } from "../workload/labels/imageDefaultsOutput";
import { parseDigest } from "../workload/imageReference";
import type { InstanceInputs } from "./inputs";
import { type PublishedPort, parsePortKey, serviceUrl } from "../service/ports";

const attachedInterface = objectType(
  "AttachedInterface",
  "A network interface of an instance.",
  z.object({
    uuid: field(z.string(), { description: "UUID of the interface." }),
    name: field(z.string().optional(), { description: "Name of the interface; absent if it has none." }),
    privateIp: field(z.string(), { description: "IP address in the private network." }),
    mac: field(z.string(), { description: "MAC address." }),
  }),
);

const scheduleTime = objectType(
  "ScheduleTime",
  "When a schedule of an instance acts next.",
  z.object({
    name: field(z.string(), { description: "Name of the schedule." }),
    nextAt: field(z.string(), { description: "Time of the next action, RFC 3339." }),
  }),
);

const restartSequence = objectType(
  "RestartSequence",
  "Progress of repeated restarts by the restart policy.",
  z.object({
    attempt: field(z.int(), { description: "Number of restarts so far in this sequence." }),
    nextAt: field(z.string().optional(), {
      description: "Time of the next restart, RFC 3339; absent unless one is scheduled.",
    }),
  }),
);

const pendingUpdate = objectType(
  "PendingUpdate",
  "A change that is applied at the next stop, or failed at the last one.",
  z.object({
    property: field(z.string(), { description: "Name of the property in the API." }),
    status: field(z.string(), { description: "`pending` or `failed`." }),
    error: field(z.string().optional(), { description: "Reason of the failure; absent while pending." }),
  }),
);

/** Outputs of an Instance. State, counters and times change by themselves; a refresh updates them without showing a change. */
export const instanceOutputs = z.object({
  digest: field(z.string(), { description: "Digest of the running image." }),
  imageDefaults: imageDefaultsField(),
  state: field(z.string(), { description: "State at the last refresh, such as `running`." }),
  stopReason: field(z.string(), {
    description: "Reason of the last stop, such as `the program exited with code 1`; empty before the first stop.",
  }),
  stopCode: field(z.string(), {
    description: "Details of the last stop, such as `page fault, out of memory`; empty before the first stop.",
  }),
  stopReasonNumber: field(z.int().optional(), {
    description:
      "Reason of the last stop as the API's bit set: 1 kernel, 2 program, 4 platform, 8 user, 16 forced, 32 scaled to zero; absent before the first stop.",
  }),
  stopCodeNumber: field(z.int().optional(), {
    description: "Details of the last stop as the API's number; absent before the first stop.",
  }),
  exitCode: field(z.int().optional(), {
    description:
      "Exit code of the program; absent unless it exited by itself, and for a guest that reports none, such as Unikraft.",
  }),
  bootTimeUs: field(z.number(), { description: "Time from the last start until the program ran, in microseconds." }),
  netTimeUs: field(z.number(), {
    description: "Time from the last start until the program listened on a port, in microseconds.",
  }),
  startCount: field(z.int(), { description: "Number of starts." }),
  restartCount: field(z.int(), { description: "Number of restarts by the restart policy." }),
  restart: field(restartSequence.optional(), {
    description:
      "Progress of repeated restarts; absent unless the restart policy is restarting the instance. Between two attempts, `state` is `stopped`.",
  }),
  privateIp: field(z.string(), { description: "Address in the metro's private network." }),
  privateFqdn: field(z.string(), { description: "Name in the metro's private network: `<name>.internal`." }),
  serviceUuid: field(z.string(), {
    description: "UUID of its service or `serviceGroup`; empty if it has none.",
  }),
  serviceName: field(z.string(), { description: "Name of its service or `serviceGroup`; empty if it has none." }),
  serviceFqdns: field(z.array(z.string()), { description: "Fully qualified domain names of its service." }),
  url: field(z.string(), { description: "URL of its service; empty if it has none." }),
  interfaces: field(z.array(attachedInterface), { description: "Network interfaces of the instance." }),
  scheduleTimes: field(z.array(scheduleTime), { description: "Next action of each entry in `schedules`." }),
  pendingUpdates: field(z.array(pendingUpdate), {
    description: "Changes that are applied at the next stop, or failed at the last one.",
  }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  startedAt: field(z.string(), { description: "Time of the last start, RFC 3339; empty before the first." }),
  stoppedAt: field(z.string(), { description: "Time of the last stop, RFC 3339; empty before the first." }),
});

/** The output values of an Instance. */
export type InstanceOutputs = z.output<typeof instanceOutputs>;

/** The API reports only protocol and port of an existing group; ports 80 and 443 imply their handlers. */
const toPublishedPort = (service: string): PublishedPort => {
  const { port, protocol } = parsePortKey(service);
  return { port, protocol, handlers: port === 443 ? ["tls", "http"] : port === 80 ? ["http"] : [] };
};

type OutputSubset<K extends keyof InstanceOutputs> = Pick<InstanceOutputs, K>;

/** The outputs about the last stop. */
function stopOutputs(
  item: InstanceItem,
): OutputSubset<"stopReason" | "stopCode" | "stopReasonNumber" | "stopCodeNumber" | "exitCode" | "stoppedAt"> {
  const { stop_reason: reason, stop_code: code } = item;
  const hasStopped = (reason ?? 0) !== 0;
  return omitUndefined({
    stopReason: hasStopped ? describeStop(item) : "",
    stopCode: hasStopped && code !== undefined ? describeStopCode(code) : "",
    stopReasonNumber: hasStopped ? reason : undefined,
    stopCodeNumber: hasStopped ? code : undefined,
    exitCode: item.exit_code,
    stoppedAt: item.stopped_at ?? "",
  });
}

/** The outputs, from what the API reports. */
export function toOutputs(item: InstanceItem, { serviceGroup }: Pick<InstanceInputs, "serviceGroup">): InstanceOutputs {
  const fqdns = (item.service_group?.domains ?? []).map(({ fqdn }) => fqdn.replace(/\.$/, ""));
  const ports = serviceGroup?.ports ?? (item.services ?? []).map(toPublishedPort);
  return {
    digest: parseDigest(item.image ?? "") ?? "",
    state: item.state ?? "",
    ...stopOutputs(item),
    bootTimeUs: item.boot_time_us ?? 0,
    netTimeUs: item.net_time_us ?? 0,
    startCount: item.start_count ?? 0,
    restartCount: item.restart_count ?? 0,
    ...(item.restart == null
      ? {}
      : { restart: omitUndefined({ attempt: item.restart.attempt, nextAt: item.restart.next_at }) }),
    privateIp: item.private_ip ?? "",
    privateFqdn: item.private_fqdn ?? "",
    serviceUuid: item.service_group?.uuid ?? "",
    serviceName: item.service_group?.name ?? "",
    serviceFqdns: fqdns,
    url: serviceUrl(fqdns, ports, item.service_group?.services ?? []),
    interfaces: (item.network_interfaces ?? []).map(({ uuid = "", name, private_ip = "", mac = "" }) =>
      omitUndefined({ uuid, name, privateIp: private_ip, mac }),
    ),
    scheduleTimes: (item.schedules ?? []).flatMap(({ name, next_at: nextAt }) =>
      nextAt === undefined ? [] : [{ name, nextAt }],
    ),
    pendingUpdates: (item.updates ?? []).map(({ prop, status, error }) => ({
      property: prop,
      status,
      ...(error === undefined ? {} : { error }),
    })),
    createdAt: item.created_at ?? "",
    startedAt: item.started_at ?? "",
  };
}
