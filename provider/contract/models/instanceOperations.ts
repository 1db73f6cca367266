/** What is done to instances: changes, starts, stops, templates, checkpoints; and what is read beside them. */
import * as z from "zod";
import {
  MAX_DRAIN_MS,
  annotations,
  autokillTime,
  idItem,
  image,
  itemStatus,
  name,
  nameOrUuid,
  withSelector,
  tags,
  timestamp,
  patchOperation,
} from "./common";
import {
  INSTANCE_STATES,
  args,
  autokill,
  dnsLabel,
  envMap,
  memoryMb,
  plugins,
  roms,
  scaleToZero,
  schedPriority,
  schedules,
  vcpus,
} from "./instanceParts";
import { MAX_REFERENCES, instanceItem } from "./instance";

/** What became of an instance that was started, stopped, suspended or deleted; little else is sure to be there. */
export const instanceOperationItem = instanceItem.extend({
  state: z.string().optional(),
  previous_state: z.string().optional(),
});

/** What a PATCH may `set`, by property. Also what `add` takes where it is a list or a map. */
export const instancePatchValues = {
  image,
  args: z.union([z.string().min(1), args]),
  env: envMap,
  memory_mb: memoryMb,
  vcpus,
  scale_to_zero: scaleToZero,
  tags,
  delete_lock: z.boolean(),
  schedules,
  autokill,
  hostname: dnsLabel,
  roms,
  plugins,
  dependencies: z.array(nameOrUuid).max(MAX_REFERENCES),
  sched_priority: schedPriority,
  annotations,
} as const;
export type InstanceProp = keyof typeof instancePatchValues;
export const INSTANCE_PROPS = Object.keys(instancePatchValues) as [InstanceProp, ...InstanceProp[]]; // keys of a constant

/** Properties whose change applies at once in any state; the others wait for a stop. */
export const INSTANCE_PROPS_ANY_STATE: readonly InstanceProp[] = ["tags", "delete_lock", "schedules", "autokill"];

export const patchInstanceRequest = withSelector({ prop: z.enum(INSTANCE_PROPS), ...patchOperation });

/** What a PATCH may `set` on a template or a checkpoint. */
export const templatePatchValues = { tags, delete_lock: z.boolean(), autokill: autokillTime } as const;
export const patchTemplateRequest = withSelector({
  prop: z.enum(["tags", "delete_lock", "autokill"]),
  ...patchOperation,
});

export const deleteInstanceRequest = withSelector({
  /** Seconds to wait until it is really gone; 0 none, -1 as long as it takes. Not on older nodes. */
  timeout_s: z.int().min(-1).optional(),
  /** Skip retention, and remove one that is retained already. Not on older nodes. */
  dont_retain: z.boolean().optional(),
});

export const startRequest = withSelector({
  timeout_s: z.int().min(-1).optional(),
  /** Older form of `timeout_s`. */
  wait_timeout_ms: z.int().min(-1).optional(),
});

const drainTimeoutMs = z.int().min(-1).max(MAX_DRAIN_MS);
export const stopRequest = withSelector({
  force: z.boolean().optional(),
  drain_timeout_ms: drainTimeoutMs.optional(),
  quick: z.boolean().optional(),
  /** Act only if the instance is in this state. */
  ifstate: z.enum(INSTANCE_STATES).optional(),
  /** Only with `force`. */
  dump: z.boolean().optional(),
});
export const suspendRequest = withSelector({ drain_timeout_ms: drainTimeoutMs.optional() });

/** Reply of `GET /v1/instances/log`. `output` is base64; ranges are byte offsets, `end` exclusive. */
export const instanceLogItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string().optional(),
  output: z.string().optional(),
  available: z.looseObject({ start: z.int(), end: z.int() }).optional(),
  range: z.looseObject({ start: z.int(), end: z.int() }).optional(),
  state: z.enum(INSTANCE_STATES).optional(),
});

/** Reply of `GET /v1/instances/metrics`. */
export const instanceMetricsItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  state: z.enum(INSTANCE_STATES).optional(),
  start_count: z.int().optional(),
  restart_count: z.int().optional(),
  started_at: timestamp.optional(),
  stopped_at: timestamp.optional(),
  uptime_ms: z.number().optional(),
  rss_bytes: z.number().optional(),
  cpu_time_ms: z.number().optional(),
  boot_time_us: z.number().optional(),
  net_time_us: z.number().optional(),
  rx_bytes: z.number().optional(),
  rx_packets: z.number().optional(),
  tx_bytes: z.number().optional(),
  tx_packets: z.number().optional(),
  nconns: z.number().optional(),
  nreqs: z.number().optional(),
  nqueued: z.number().optional(),
  ntotal: z.number().optional(),
  wakeup_latency: z.array(z.looseObject({ bucket_ms: z.number().optional(), count: z.number() })).optional(),
  wakeup_latency_sum: z.number().optional(),
});
export type InstanceMetricsItem = z.infer<typeof instanceMetricsItem>;

/** Turns an instance into a template. */
export const createTemplateRequest = withSelector({
  timeout_s: z.int().min(-1).optional(),
  autokill: autokillTime.optional(),
});

/** Freezes a copy of an instance, which itself goes on. */
export const createCheckpointRequest = z.strictObject({
  from: nameOrUuid,
  name: name.optional(),
  timeout_s: z.int().min(-1).optional(),
  tags: tags.optional(),
  autokill: autokillTime.optional(),
});

/** A template or checkpoint that was made. */
export const templateItem = idItem.extend({ state: z.enum(INSTANCE_STATES).optional() });

/** Reply of the history calls: which checkpoints an object descends from. */
export const historyItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  history: z.array(z.looseObject({ uuid: z.string(), name: z.string(), created_at: timestamp.optional() })).optional(),
});
