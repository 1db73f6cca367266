/**
 * Bodies on the wire, as the REST API writes them: snake_case, `_mb` is MiB, `_ms` milliseconds, `_us` microseconds.
 *
 * Requests are strict, because servers refuse unknown members. Replies are loose: a newer server may add fields.
 * Client and local platform both read these models.
 */
import * as z from "zod";

const port = z.int().min(1).max(65535);
const time = z.string();

/** Exactly one of uuid and name. */
export const nameOrUuid = z.union([
  z.strictObject({ uuid: z.string().min(1) }),
  z.strictObject({ name: z.string().min(1) }),
]);
export type NameOrUuid = z.infer<typeof nameOrUuid>;

/** What any item of a reply may carry beside its own fields. `error` is one of `ITEM_CODES`. */
const itemStatus = {
  status: z.enum(["success", "error"]).optional(),
  message: z.string().optional(),
  error: z.int().optional(),
};

/** An item that failed: it echoes the selector it was given, by uuid or by name, and carries little else. */
export const failedItem = z.looseObject({
  status: z.literal("error"),
  message: z.string().optional(),
  error: z.int().optional(),
});

/** States of an instance. */
export const INSTANCE_STATES = [
  "stopped",
  "starting",
  "running",
  "draining",
  "stopping",
  "standby",
  "template",
  "checkpoint",
  "deleted",
] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

export const scaleToZero = z.strictObject({
  policy: z.enum(["on", "off", "idle"]),
  stateful: z.boolean().optional(),
  cooldown_time_ms: z.int().min(0).max(86_400_000).optional(),
  notify_time_ms: z.int().min(0).optional(),
});

export const servicePort = z.strictObject({
  port,
  destination_port: port.optional(),
  handlers: z.array(z.enum(["tls", "http", "redirect"])).optional(),
  protocol: z.enum(["tcp", "udp"]).optional(),
});
export type ServicePort = z.infer<typeof servicePort>;

export const domainRequest = z.strictObject({ name: z.string().min(1), certificate: nameOrUuid.optional() });

// --- instances -------------------------------------------------------------------------------------------------

export const createInstanceRequest = z.strictObject({
  name: z.string().min(1).max(255).optional(),
  image: z.string().min(1),
  args: z.array(z.string().min(1)).optional(),
  env: z.record(z.string(), z.string()).optional(),
  memory_mb: z.int().min(16).optional(),
  vcpus: z.int().min(1).optional(),
  service_group: nameOrUuid.optional(),
  volumes: z
    .array(
      z.union([
        z.strictObject({ uuid: z.string(), at: z.string(), readonly: z.boolean().optional() }),
        z.strictObject({ name: z.string(), at: z.string(), readonly: z.boolean().optional() }),
      ]),
    )
    .optional(),
  autostart: z.boolean().optional(),
  restart_policy: z.enum(["never", "always", "on-failure"]).optional(),
  scale_to_zero: scaleToZero.optional(),
  tags: z
    .array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/))
    .max(16)
    .optional(),
  timeout_s: z.int().min(-1).optional(),
});
export type CreateInstanceRequest = z.infer<typeof createInstanceRequest>;

export const instanceItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: time.optional(),
  state: z.enum(INSTANCE_STATES).optional(),
  previous_state: z.enum(INSTANCE_STATES).optional(),
  /** Canonical digest form, such as `oci://host/org/app:tag@sha256:…`; never equals what was sent. */
  image: z.string().optional(),
  memory_mb: z.int().optional(),
  vcpus: z.int().optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  restart_policy: z.string().optional(),
  restart: z.looseObject({ attempt: z.int(), next_at: time.optional() }).optional(),
  start_count: z.int().optional(),
  restart_count: z.int().optional(),
  started_at: time.optional(),
  stopped_at: time.optional(),
  uptime_ms: z.number().optional(),
  boot_time_us: z.number().optional(),
  net_time_us: z.number().optional(),
  stop_reason: z.int().optional(),
  stop_code: z.int().optional(),
  exit_code: z.int().optional(),
  scale_to_zero: z
    .looseObject({
      enabled: z.boolean().optional(),
      policy: z.enum(["on", "off", "idle"]).optional(),
      stateful: z.boolean().optional(),
      cooldown_time_ms: z.int().optional(),
      notify_time_ms: z.int().optional(),
    })
    .optional(),
  service_group: z.looseObject({ uuid: z.string(), name: z.string() }).nullish(),
  volumes: z
    .array(z.looseObject({ uuid: z.string(), name: z.string(), at: z.string(), readonly: z.boolean().optional() }))
    .optional(),
  private_ip: z.string().optional(),
  private_fqdn: z.string().optional(),
  tags: z.array(z.string()).optional(),
  delete_lock: z.boolean().optional(),
});
export type InstanceItem = z.infer<typeof instanceItem>;

export const stopRequest = z.union([
  z.strictObject({
    uuid: z.string(),
    force: z.boolean().optional(),
    drain_timeout_ms: z.int().min(-1).max(3_600_000).optional(),
  }),
  z.strictObject({
    name: z.string(),
    force: z.boolean().optional(),
    drain_timeout_ms: z.int().min(-1).max(3_600_000).optional(),
  }),
]);

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

// --- service groups --------------------------------------------------------------------------------------------

export const createServiceRequest = z.strictObject({
  name: z.string().min(1).max(255).optional(),
  services: z.array(servicePort).min(1),
  domains: z.array(domainRequest).optional(),
  soft_limit: z.int().min(1).max(65535).optional(),
  hard_limit: z.int().min(1).max(65535).optional(),
});
export type CreateServiceRequest = z.infer<typeof createServiceRequest>;

export const serviceItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: time.optional(),
  persistent: z.boolean().optional(),
  soft_limit: z.int().optional(),
  hard_limit: z.int().optional(),
  services: z.array(z.looseObject({ ...servicePort.shape, handlers: z.array(z.string()).optional() })).optional(),
  domains: z.array(z.looseObject({ fqdn: z.string() })).optional(),
  instances: z.array(z.looseObject({ uuid: z.string(), name: z.string() })).optional(),
});
export type ServiceItem = z.infer<typeof serviceItem>;

// --- volumes ---------------------------------------------------------------------------------------------------

export const VOLUME_STATES = [
  "uninitialized",
  "initializing",
  "available",
  "idle",
  "mounted",
  "busy",
  "error",
  "template",
] as const;

export const createVolumeRequest = z.strictObject({
  name: z.string().min(1).max(255).optional(),
  size_mb: z.int().min(1),
});
export type CreateVolumeRequest = z.infer<typeof createVolumeRequest>;

export const volumeItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: time.optional(),
  state: z.enum(VOLUME_STATES).optional(),
  size_mb: z.int().optional(),
  free_mb: z.int().optional(),
  persistent: z.boolean().optional(),
  filesystem: z.string().optional(),
  access_mode: z.string().optional(),
  attached_to: z.array(z.looseObject({ uuid: z.string(), name: z.string().optional() })).optional(),
  mounted_by: z.array(z.looseObject({ uuid: z.string(), name: z.string().optional() })).optional(),
});
export type VolumeItem = z.infer<typeof volumeItem>;

// --- updates ---------------------------------------------------------------------------------------------------

const triple = { id: z.string().optional(), op: z.enum(["set", "add", "del"]), value: z.unknown().optional() };

/** PATCH triples of a service group. The value's type depends on `prop`: `services` or a limit. */
export const patchServiceRequest = z.union([
  z.strictObject({ uuid: z.string(), prop: z.enum(["services", "domains", "soft_limit", "hard_limit"]), ...triple }),
  z.strictObject({ name: z.string(), prop: z.enum(["services", "domains", "soft_limit", "hard_limit"]), ...triple }),
]);

/** PATCH triples of a volume. */
export const patchVolumeRequest = z.union([
  z.strictObject({ uuid: z.string(), prop: z.enum(["size_mb"]), ...triple }),
  z.strictObject({ name: z.string(), prop: z.enum(["size_mb"]), ...triple }),
]);

// --- images, quotas, health ------------------------------------------------------------------------------------

export const imageItem = z.looseObject({
  ...itemStatus,
  /** Canonical digest form. */
  url: z.string(),
  created_at: time.optional(),
  size_in_bytes: z.number().optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  tags: z.array(z.string()).optional(),
});

const usage = z.looseObject({
  instances: z.int().optional(),
  live_instances: z.int().optional(),
  live_vcpus: z.int().optional(),
  live_memory_mb: z.int().optional(),
  service_groups: z.int().optional(),
  services: z.int().optional(),
  volumes: z.int().optional(),
  total_volume_mb: z.int().optional(),
});

export const quotasItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  used: usage,
  hard: usage,
  limits: z.looseObject({
    min_memory_mb: z.int().optional(),
    max_memory_mb: z.int().optional(),
    min_vcpus: z.int().optional(),
    max_vcpus: z.int().optional(),
    min_volume_mb: z.int().optional(),
    max_volume_mb: z.int().optional(),
  }),
});

export const healthzData = z.looseObject({
  checks: z.record(z.string(), z.string()).optional(),
  versions: z.record(z.string(), z.string()).optional(),
});

// --- envelope --------------------------------------------------------------------------------------------------

/** The wrapper of every reply. `data` holds one key named after the type. */
export const envelope = z.looseObject({
  status: z.enum(["success", "error", "partial_success", "unconfigured"]),
  message: z.string().optional(),
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.looseObject({ status: z.int().optional(), message: z.string().optional() })).optional(),
  op_time_us: z.number().optional(),
});
