/** Functions about instances. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import { listAll } from "../client/pagination";
import { field, objectType } from "../definition/resource";
import { defineFunction } from "./function";
import { selectorRule, hasNamePrefix, namePrefixFilter, selectorFields, toSelectorQuery, tagsFilter } from "./filters";
import { instanceResultFields, toInstanceResult } from "./instanceResult";
import { fromWire } from "./fromWire";

const instanceResult = z.object(instanceResultFields);

/** Looks up one instance, without its environment, which may contain secrets. */
export const getInstance = defineFunction({
  kind: "getInstance",
  description:
    "Looks up an instance, managed by Pulumi or not. Its environment is left out because it may contain secrets.",
  inputs: z.strictObject(selectorFields("instance")),
  outputs: instanceResult,
  rules: [selectorRule],
  run: async ({ client, metro }, inputs) =>
    toInstanceResult(
      onlyItem(
        await client.getInstances({ query: toSelectorQuery(inputs) }),
        `Reading instance '${inputs.uuid ?? inputs.name ?? ""}' in metro '${metro}'`,
      ),
    ),
});

/** Possible states of a listed instance. Templates and checkpoints are listed by other API routes. */
const LISTED_STATES = ["stopped", "starting", "running", "draining", "stopping", "standby", "deleted"] as const;

/** Lists the instances that match the filters. */
export const getInstances = defineFunction({
  kind: "getInstances",
  description: "Lists the instances of the account in this metro, oldest first, without templates and checkpoints.",
  inputs: z.strictObject({
    ...tagsFilter("instances"),
    ...namePrefixFilter("instances"),
    states: field(z.array(z.enum(LISTED_STATES)).optional(), {
      description: "Only instances in one of these states. Default: all.",
    }),
  }),
  outputs: z.object({
    instances: field(
      z.array(objectType("InstanceInfo", "An instance as the API reports it.", z.object(instanceResultFields))),
      {
        description: "Instances, oldest first.",
      },
    ),
  }),
  run: async ({ client }, { tags, namePrefix, states }) => {
    const found = await listAll(client.getInstances, tags === undefined ? {} : { tags: [...tags] });
    return {
      instances: found
        .map(toInstanceResult)
        .filter(hasNamePrefix(namePrefix))
        .filter(({ state }) => states === undefined || states.some((one) => one === state)),
    };
  },
});

/** Maximum bytes of a log in one response. Source: the platform's documentation. */
const MAX_LOG_BYTES = 16_383;

/** Reads a part of an instance's console log. */
export const getInstanceLogs = defineFunction({
  kind: "getInstanceLogs",
  description: "Reads a part of an instance's console log.",
  inputs: z.strictObject({
    ...selectorFields("instance"),
    offsetBytes: field(z.int().default(-4096), {
      description: "Offset of the first byte; a negative offset counts from the end. Default -4096.",
    }),
    limitBytes: field(z.int().min(0).max(MAX_LOG_BYTES).default(4096), {
      description: `Maximum number of bytes to return, 0 to ${MAX_LOG_BYTES}. Default 4096.`,
    }),
  }),
  outputs: z.object({
    output: field(z.string(), { description: "Text of the part, decoded as UTF-8." }),
    rangeStart: field(z.int(), { description: "Offset of the first byte returned." }),
    rangeEnd: field(z.int(), { description: "Offset after the last byte returned, where the next part starts." }),
    availableStart: field(z.int(), { description: "Offset of the first byte still available." }),
    availableEnd: field(z.int(), { description: "Offset after the last byte written so far." }),
    state: field(z.string(), { description: "State of the instance when the log was read." }),
  }),
  rules: [selectorRule],
  run: async ({ client, metro }, { offsetBytes, limitBytes, ...selector }) => {
    const query = { ...toSelectorQuery(selector), offset: [offsetBytes], limit: [limitBytes] };
    const item = onlyItem(
      await client.getInstanceLogs({ query }),
      `Reading the log of instance '${selector.uuid ?? selector.name ?? ""}' in metro '${metro}'`,
    );
    return {
      output: Buffer.from(item.output ?? "", "base64").toString("utf8"),
      rangeStart: item.range?.start ?? 0,
      rangeEnd: item.range?.end ?? 0,
      availableStart: item.available?.start ?? 0,
      availableEnd: item.available?.end ?? 0,
      state: item.state ?? "",
    };
  },
});

const metricsResult = z.object({
  uuid: field(z.string(), { description: "UUID of the instance." }),
  name: field(z.string(), { description: "Name of the instance." }),
  state: field(z.string().optional(), { description: "State of the instance." }),
  uptimeMs: field(z.number().optional(), { description: "Total running time over all starts, in milliseconds." }),
  rssBytes: field(z.number().optional(), {
    description: "Resident memory of the virtual machine in bytes; 0 when stopped.",
  }),
  cpuTimeMs: field(z.number().optional(), { description: "CPU time in milliseconds." }),
  bootTimeUs: field(z.number().optional(), {
    description: "Time from the last start until the program ran, in microseconds.",
  }),
  netTimeUs: field(z.number().optional(), {
    description: "Time from the last start until the program listened on a port, in microseconds.",
  }),
  rxBytes: field(z.number().optional(), { description: "Bytes received." }),
  rxPackets: field(z.number().optional(), { description: "Packets received." }),
  txBytes: field(z.number().optional(), { description: "Bytes sent." }),
  txPackets: field(z.number().optional(), { description: "Packets sent." }),
  nconns: field(z.number().optional(), { description: "Number of open connections other than HTTP." }),
  nreqs: field(z.number().optional(), { description: "Number of HTTP requests in flight." }),
  nqueued: field(z.number().optional(), { description: "Number of requests waiting for the instance." }),
  ntotal: field(z.number().optional(), { description: "Number of requests and connections so far." }),
});

/** Reads the metrics of an instance. */
export const getInstanceMetrics = defineFunction({
  kind: "getInstanceMetrics",
  description: "Reads the current metrics of an instance.",
  inputs: z.strictObject(selectorFields("instance")),
  outputs: metricsResult,
  rules: [selectorRule],
  run: async ({ client, metro }, inputs) =>
    fromWire(
      metricsResult,
      onlyItem(
        await client.getInstanceMetrics({ query: toSelectorQuery(inputs) }),
        `Reading the metrics of instance '${inputs.uuid ?? inputs.name ?? ""}' in metro '${metro}'`,
      ),
    ),
});
