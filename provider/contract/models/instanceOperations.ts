/** Operations on instances: changes, starts, stops, templates, checkpoints; logs, metrics and history. */
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
import { readinessProbe, rotation } from "./readinessProbe";

/** An instance after a start, stop, suspend or delete. Most other fields may be missing. */
export const instanceOperationItem = instanceItem.extend({
  state: z.string().optional(),
  previous_state: z.string().optional(),
});

/** Values that a PATCH of an instance may `set`, by property. For lists and maps also the values that it may `add`. */
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
  /** Extensions: only metros with the feature of that name. */
  readiness_probe: readinessProbe,
  rotation,
} as const;
/** Name of a property in {@link instancePatchValues}. */
export type InstanceProp = keyof typeof instancePatchValues;
/** All names of {@link instancePatchValues}. */
export const INSTANCE_PROPS = Object.keys(instancePatchValues) as [InstanceProp, ...InstanceProp[]]; // keys of a constant object

/** Properties that change at once in any state. Changes of other properties are applied when the instance stops. */
export const INSTANCE_PROPS_ANY_STATE: readonly InstanceProp[] = [
  "tags",
  "delete_lock",
  "schedules",
  "autokill",
  "readiness_probe",
  "rotation",
];

/** Item of the body of `PATCH /v1/instances`. */
export const patchInstanceRequest = withSelector({ prop: z.enum(INSTANCE_PROPS), ...patchOperation });

/** Values that a PATCH of a template or checkpoint may `set`, by property. */
export const templatePatchValues = { tags, delete_lock: z.boolean(), autokill: autokillTime } as const;
/** Item of the body of a PATCH of templates or checkpoints. */
export const patchTemplateRequest = withSelector({
  prop: z.enum(["tags", "delete_lock", "autokill"]),
  ...patchOperation,
});

/** Item of the body of `DELETE /v1/instances`. */
export const deleteInstanceRequest = withSelector({
  /** Seconds to wait until it is gone; 0 does not wait, -1 waits without a limit. Not on older nodes. */
  timeout_s: z.int().min(-1).optional(),
  /** Skips retention, and removes an instance that is already retained. Not on older nodes. */
  dont_retain: z.boolean().optional(),
});

/** Item of the body of `PUT /v1/instances/start`. */
export const startRequest = withSelector({
  /** Seconds to wait until it is running; -1 waits without a limit. */
  timeout_s: z.int().min(-1).optional(),
  /** Older form of `timeout_s`. */
  wait_timeout_ms: z.int().min(-1).optional(),
});

const drainTimeoutMs = z.int().min(-1).max(MAX_DRAIN_MS);
const stopFields = {
  force: z.boolean().optional(),
  drain_timeout_ms: drainTimeoutMs.optional(),
  quick: z.boolean().optional(),
  /** Stops the instance only if it is in this state. */
  ifstate: z.enum(INSTANCE_STATES).optional(),
  /** Requires `force`. */
  dump: z.boolean().optional(),
};
/** Item of the body of `PUT /v1/instances/stop` in the cloud. */
export const cloudStopRequest = withSelector(stopFields);
/** Item of the body of `PUT /v1/instances/stop`. */
export const stopRequest = withSelector({
  ...stopFields,
  /**
   * Extension: only metros with the feature `rotation`. Milliseconds without a byte after which the drain no longer waits for a
   * half-closed connection; it always waits for an HTTP response whose end it can recognise. Default: no limit of its own.
   */
  half_closed_timeout_ms: z.int().min(0).max(MAX_DRAIN_MS).optional(),
});
/** Item of the body of `PUT /v1/instances/suspend`. */
export const suspendRequest = withSelector({ drain_timeout_ms: drainTimeoutMs.optional() });

/** Item of the response to `GET /v1/instances/log`. `output` is base64; ranges are byte offsets, `end` is exclusive. */
export const instanceLogItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string().optional(),
  output: z.string().optional(),
  available: z.looseObject({ start: z.int(), end: z.int() }).optional(),
  range: z.looseObject({ start: z.int(), end: z.int() }).optional(),
  state: z.enum(INSTANCE_STATES).optional(),
});

/** Item of the response to `GET /v1/instances/metrics`. */
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
/** One item of {@link instanceMetricsItem}. */
export type InstanceMetricsItem = z.infer<typeof instanceMetricsItem>;

/** Item of the body of `POST /v1/instances/templates`, which converts an instance to a template. */
export const createTemplateRequest = withSelector({
  timeout_s: z.int().min(-1).optional(),
  autokill: autokillTime.optional(),
});

/** Item of the body of `POST /v1/instances/checkpoints`, which copies an instance to a checkpoint and leaves it unchanged. */
export const createCheckpointRequest = z.strictObject({
  from: nameOrUuid,
  name: name.optional(),
  timeout_s: z.int().min(-1).optional(),
  tags: tags.optional(),
  autokill: autokillTime.optional(),
});

/** A created template or checkpoint. */
export const templateItem = idItem.extend({ state: z.enum(INSTANCE_STATES).optional() });

/** Item of the response of the history calls: the checkpoints from which an object descends. */
export const historyItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  history: z.array(z.looseObject({ uuid: z.string(), name: z.string(), created_at: timestamp.optional() })).optional(),
});
