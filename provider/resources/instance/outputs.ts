/** What an Instance reports. Pure. */
import * as z from "zod";
import type { InstanceItem } from "../../contract/models";
import { describeStop, describeStopCode } from "../../client/errors/stopReason";
import { omitUndefined } from "../../base/objects";
import { field, objectType } from "../../definition/resource";
import { parseDigest } from "../workload/imageReference";
import type { InstanceInputs } from "./inputs";
import { type PublishedPort, parsePortKey, serviceUrl } from "../service/ports";

const attachedInterface = objectType(
  "AttachedInterface",
  "A network interface that an instance has.",
  z.object({
    uuid: field(z.string(), { description: "UUID of the interface." }),
    name: field(z.string().optional(), { description: "Its name, where it has one." }),
    privateIp: field(z.string(), { description: "Its address." }),
    mac: field(z.string(), { description: "Its hardware address." }),
  }),
);

const scheduleTime = objectType(
  "ScheduleTime",
  "When something is done to an instance next.",
  z.object({
    name: field(z.string(), { description: "Name of the schedule." }),
    nextAt: field(z.string(), { description: "Time of its next action, RFC 3339." }),
  }),
);

const restartSequence = objectType(
  "RestartSequence",
  "Restarts by the restart policy, one after the other, of a program that does not stay up.",
  z.object({
    attempt: field(z.int(), { description: "How many restarts it has had so far." }),
    nextAt: field(z.string().optional(), { description: "Time of the next one, RFC 3339, while that is waited for." }),
  }),
);

const pendingUpdate = objectType(
  "PendingUpdate",
  "A change that waits for the next stop, or failed at the last one.",
  z.object({
    property: field(z.string(), { description: "Property, as the API calls it." }),
    status: field(z.string(), { description: "`pending` or `failed`." }),
    error: field(z.string().optional(), { description: "Why it failed." }),
  }),
);

/**
 * Outputs of an Instance. State, counters and times change by themselves: a refresh brings them up to date without showing a
 * change, since what it compares is inputs.
 */
export const instanceOutputs = z.object({
  digest: field(z.string(), { description: "Digest of the image that runs." }),
  state: field(z.string(), { description: "State when last looked at, such as `running`." }),
  stopReason: field(z.string(), {
    description: "Why it stopped last, such as `the program exited with code 1`; empty when it never did.",
  }),
  stopCode: field(z.string(), {
    description: "How it stopped last, such as `page fault, out of memory`; empty when it never did.",
  }),
  stopReasonNumber: field(z.int().optional(), {
    description:
      "Why it stopped last, as the API's set of bits: 1 kernel, 2 program, 4 platform, 8 user, 16 by force, 32 scaled to zero; absent when it never did.",
  }),
  stopCodeNumber: field(z.int().optional(), {
    description: "How it stopped last, as the API's number; absent when it never did.",
  }),
  exitCode: field(z.int().optional(), { description: "Exit code of its program, once that ended by itself." }),
  bootTimeUs: field(z.number(), { description: "Microseconds until its program started, at the last start." }),
  netTimeUs: field(z.number(), { description: "Microseconds until its program listened, at the last start." }),
  startCount: field(z.int(), { description: "How often it was started." }),
  restartCount: field(z.int(), { description: "How often its restart policy started it again." }),
  restart: field(restartSequence.optional(), {
    description:
      "The restarts it is going through; absent otherwise. While it waits for the next one, its `state` is `stopped`.",
  }),
  privateIp: field(z.string(), { description: "Address in the metro's private network." }),
  privateFqdn: field(z.string(), { description: "Name in the metro's private network: `<name>.internal`." }),
  serviceUuid: field(z.string(), {
    description: "UUID of the service it is in, its own `serviceGroup` included; empty when it is in none.",
  }),
  serviceName: field(z.string(), { description: "Name of the service it is in; empty when it is in none." }),
  serviceFqdns: field(z.array(z.string()), { description: "Domain names of the service it is in." }),
  url: field(z.string(), { description: "Address of the service it is in; empty when it is in none." }),
  interfaces: field(z.array(attachedInterface), { description: "The network interfaces it has." }),
  scheduleTimes: field(z.array(scheduleTime), { description: "When each of its `schedules` acts next." }),
  pendingUpdates: field(z.array(pendingUpdate), {
    description: "Changes that wait for its next stop, or failed at the last one.",
  }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  startedAt: field(z.string(), { description: "Time of the last start, RFC 3339; empty before the first." }),
  stoppedAt: field(z.string(), { description: "Time of the last stop, RFC 3339; empty before the first." }),
});

/** What an Instance reports. */
export type InstanceOutputs = z.output<typeof instanceOutputs>;

/** Of a group that exists only protocol and port are told, which of 80 and 443 tells the handlers too. */
const toPublishedPort = (service: string): PublishedPort => {
  const { port, protocol } = parsePortKey(service);
  return { port, protocol, handlers: port === 443 ? ["tls", "http"] : port === 80 ? ["http"] : [] };
};

type OutputSubset<K extends keyof InstanceOutputs> = Pick<InstanceOutputs, K>;

/** What is known of its last stop. */
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

/** The outputs, from what the API says. */
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
    url: serviceUrl(fqdns, ports),
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
