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

/** One instance. Its environment is left out: it is secret. */
export const getInstance = defineFunction({
  kind: "getInstance",
  description: "An instance that exists, whoever made it. Its environment is left out, since it may hold secrets.",
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

/** States that an instance in the listing can have: templates and checkpoints have listings of their own. */
const LISTED_STATES = ["stopped", "starting", "running", "draining", "stopping", "standby", "deleted"] as const;

/** All instances that pass the filters. */
export const getInstances = defineFunction({
  kind: "getInstances",
  description:
    "The instances of the account in this metro, oldest first; templates and checkpoints are not among them.",
  inputs: z.strictObject({
    ...tagsFilter("instances"),
    ...namePrefixFilter("instances"),
    states: field(z.array(z.enum(LISTED_STATES)).optional(), {
      description: "Only instances in one of these states.",
    }),
  }),
  outputs: z.object({
    instances: field(
      z.array(objectType("InstanceInfo", "An instance, as it is reported.", z.object(instanceResultFields))),
      {
        description: "The instances, oldest first.",
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

/** Largest piece of a log that the API gives at once. Source: the platform's documentation. */
const MAX_LOG_BYTES = 16_383;

/** A piece of an instance's console log. */
export const getInstanceLogs = defineFunction({
  kind: "getInstanceLogs",
  description: "A piece of an instance's console log.",
  inputs: z.strictObject({
    ...selectorFields("instance"),
    offsetBytes: field(z.int().default(-4096), {
      description: "Where the piece begins; negative counts from the end. Default -4096.",
    }),
    limitBytes: field(z.int().min(0).max(MAX_LOG_BYTES).default(4096), {
      description: `Most bytes to return, 0 to ${MAX_LOG_BYTES}. Default 4096.`,
    }),
  }),
  outputs: z.object({
    output: field(z.string(), { description: "The piece, as UTF-8 text." }),
    rangeStart: field(z.int(), { description: "Offset of its first byte." }),
    rangeEnd: field(z.int(), { description: "Offset after its last byte: where the next piece begins." }),
    availableStart: field(z.int(), { description: "Offset of the first byte that is still there." }),
    availableEnd: field(z.int(), { description: "Offset after the last byte so far." }),
    state: field(z.string(), { description: "State of the instance when the log was read." }),
  }),
  rules: [selectorRule],
  run: async ({ client, metro }, { offsetBytes, limitBytes, ...which }) => {
    const query = { ...toSelectorQuery(which), offset: [offsetBytes], limit: [limitBytes] };
    const item = onlyItem(
      await client.getInstanceLogs({ query }),
      `Reading the log of instance '${which.uuid ?? which.name ?? ""}' in metro '${metro}'`,
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
  uptimeMs: field(z.number().optional(), { description: "Milliseconds of running, over all starts." }),
  rssBytes: field(z.number().optional(), { description: "Memory of the machine that it runs in; 0 when stopped." }),
  cpuTimeMs: field(z.number().optional(), { description: "Milliseconds of processor time." }),
  bootTimeUs: field(z.number().optional(), { description: "Microseconds from the start until the program ran." }),
  netTimeUs: field(z.number().optional(), { description: "Microseconds from the start until the program listened." }),
  rxBytes: field(z.number().optional(), { description: "Bytes received." }),
  rxPackets: field(z.number().optional(), { description: "Packets received." }),
  txBytes: field(z.number().optional(), { description: "Bytes sent." }),
  txPackets: field(z.number().optional(), { description: "Packets sent." }),
  nconns: field(z.number().optional(), { description: "Open connections that are not HTTP." }),
  nreqs: field(z.number().optional(), { description: "HTTP requests in flight." }),
  nqueued: field(z.number().optional(), { description: "Requests that wait for the instance." }),
  ntotal: field(z.number().optional(), { description: "Requests and connections so far." }),
});

/** What an instance uses and serves. */
export const getInstanceMetrics = defineFunction({
  kind: "getInstanceMetrics",
  description: "What an instance uses and serves at this moment.",
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
